import * as v from 'valibot';
import { commonFields, defineProcedure } from './definition.ts';

const fileName = (about: string, fallback: string) =>
  v.optional(
    v.pipe(
      v.string(),
      v.regex(
        /^[A-Za-z0-9][\w.-]*(?:\/[A-Za-z0-9][\w.-]*){0,3}$/,
        'a file name such as fullchain.pem, without .. and without a leading /',
      ),
      v.maxLength(200, 'at most 200 characters'),
      v.description(about),
    ),
    fallback,
  );

export const installCertificateProcedure = defineProcedure({
  workflowType: 'installCertificate',
  command: 'install-certificate',
  title: 'Install a certificate',
  runbook: 'SSL Certificate Renewal',
  summary:
    'Checks a certificate that a person has put into the incoming directory, switches nginx to it without an outage, and back if customers do not get it.',
  changes: true,
  schema: v.strictObject({
    ...commonFields,
    certificate: fileName(
      'The certificate with its chain, a file in certificates.incomingDirectory.',
      'fullchain.pem',
    ),
    key: fileName('Its key, a file in certificates.incomingDirectory.', 'privkey.pem'),
    pair: v.optional(
      v.pipe(
        v.picklist(['ecdsa', 'rsa'], '"ecdsa" or "rsa"'),
        v.description('Which pair it is, where nginx serves both. The main one where not given.'),
      ),
    ),
  }),
  example: { certificate: 'fullchain.pem', key: 'privkey.pem', by: 'chris' },
});
