import * as v from 'valibot';
import { commonFields, defineProcedure } from './definition.ts';

export const renewCertificateProcedure = defineProcedure({
  workflowType: 'renewCertificate',
  command: 'renew-certificate',
  title: 'Renew the certificate',
  runbook: 'SSL Certificate Renewal',
  summary:
    'Looks at the certificates that are served; renews what is due, switches nginx to it without an outage, and back if customers do not get it.',
  changes: true,
  schema: v.strictObject({
    ...commonFields,
    force: v.optional(
      v.pipe(
        v.boolean(),
        v.description(
          'Order a new certificate though none is due. Asks for approval: authorities limit how often.',
        ),
      ),
      false,
    ),
  }),
  example: { by: 'chris', reason: 'the key was on a stolen laptop', force: true },
});
