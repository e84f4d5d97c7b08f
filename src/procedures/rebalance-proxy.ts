import * as v from 'valibot';
import { commonFields, defineProcedure } from './definition.ts';
import { serviceField } from './service-field.ts';

export const rebalanceProxyProcedure = defineProcedure({
  workflowType: 'rebalanceProxy',
  command: 'rebalance-proxy',
  title: 'Let nginx find its containers again',
  runbook: 'Scaling Operations',
  summary:
    'Makes nginx ask every container of the service that there is, and sees that each is asked. No request is lost.',
  changes: true,
  schema: v.strictObject({ ...commonFields, service: v.optional(serviceField, 'api') }),
  example: { service: 'api', by: 'chris' },
});
