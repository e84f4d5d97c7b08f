import * as v from 'valibot';
import { commonFields, defineProcedure } from './definition.ts';

export const listCertificatesProcedure = defineProcedure({
  workflowType: 'listCertificates',
  command: 'list-certificates',
  title: 'List the certificates',
  runbook: 'SSL Certificate Renewal',
  summary:
    'Shows each certificate: what is served, what stands on the disk, when it ends, when it is renewed.',
  changes: false,
  schema: v.strictObject({ ...commonFields }),
  example: {},
});

/** The report: each name, and what a client gets for it. */
export const certificateLines = v.array(
  v.object({
    hostname: v.string(),
    listener: v.string(),
    keyType: v.string(),
    issuer: v.string(),
    serial: v.string(),
    names: v.array(v.string()),
    /** ISO time; empty where nothing is served. */
    validTo: v.string(),
    /** Whole days; negative once it has ended. */
    daysLeft: v.number(),
    /** ISO time from which it is renewed. */
    dueAt: v.string(),
    fingerprint: v.string(),
    /** What is wrong with it, in words; empty for a good one. */
    trouble: v.string(),
  }),
);

export type CertificateLine = v.InferOutput<typeof certificateLines>[number];
