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
