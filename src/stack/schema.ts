import * as v from 'valibot';
import { certificates } from './certificates.ts';
import { compose } from './compose.ts';
import { backups, database, restore } from './database.ts';
import { stackName } from './names.ts';
import { approvals, contacts, defaultContacts, escalation } from './people.ts';
import { autoscaling, schedules } from './schedules.ts';
import { cache, proxy, service } from './service.ts';
import { severities, thresholds } from './trouble.ts';

/** The whole stack file. Every key has HERMES's value as its default: an empty file is a valid one. */
export const stackSchema = v.strictObject({
  $schema: v.optional(v.string()),
  stack: v.optional(
    v.pipe(stackName, v.description('The name of what is operated: in lists, locks and records.')),
    'hermes',
  ),
  compose: v.optional(
    v.pipe(compose, v.description('The docker-compose project and the roles of its services.')),
    {},
  ),
  database: v.optional(
    v.pipe(database, v.description('The connection, the name and the tables that matter most.')),
    {},
  ),
  backups: v.optional(v.pipe(backups, v.description('Where backups go and how long they stay.')), {}),
  restore: v.optional(
    v.pipe(restore, v.description('How a restore goes about it, and how long it can be undone.')),
    {},
  ),
  service: v.optional(
    v.pipe(service, v.description('The service as customers reach it, and its probes.')),
    {},
  ),
  cache: v.optional(v.pipe(cache, v.description('Redis, where the dead letters live.')), {}),
  proxy: v.optional(v.pipe(proxy, v.description('nginx: its upstream, ports and webroot.')), {}),
  certificates: v.optional(
    v.pipe(certificates, v.description('Certificates: where they are, how they are renewed.')),
    {},
  ),
  thresholds: v.optional(
    v.pipe(thresholds, v.description('What counts as trouble. Runbook: Key Metrics to Monitor.')),
    {},
  ),
  severities: v.optional(
    v.pipe(severities, v.description('Response times. Runbook: Incident Severity Levels.')),
    {},
  ),
  contacts: v.optional(
    v.pipe(contacts, v.description('People. Runbook: Emergency Contacts.')),
    defaultContacts,
  ),
  escalation: v.optional(
    v.pipe(escalation, v.description('Whom to tell, one after another, until one acknowledges.')),
    {},
  ),
  approvals: v.optional(v.pipe(approvals, v.description('Who must say yes, by procedure.')), {
    'restore-database': {},
  }),
  schedules: v.optional(v.pipe(schedules, v.description('What starts by itself, and when.')), {}),
  autoscaling: v.optional(v.pipe(autoscaling, v.description('Scaling by itself. Off by default.')), {}),
  records: v.optional(
    v.pipe(
      v.strictObject({ directory: v.optional(v.string()) }),
      v.description('Where the written records go.'),
    ),
    {},
  ),
  temporal: v.optional(
    v.pipe(
      v.strictObject({ taskQueue: v.optional(v.pipe(v.string(), v.minLength(1)), 'hermes-ops') }),
      v.description('The task queue that this stack’s worker serves.'),
    ),
    {},
  ),
});

export type Stack = v.InferOutput<typeof stackSchema>;
