import * as v from 'valibot';
import { commonFields, defineProcedure } from './definition.ts';
import { serviceField } from './service-field.ts';

export const restartServiceProcedure = defineProcedure({
  workflowType: 'restartService',
  command: 'restart-service',
  title: 'Restart a service',
  runbook: 'Common Incident Scenarios (docker-compose restart)',
  summary:
    'Restarts a service so that no request is lost: a copy carries the traffic meanwhile. What keeps data is saved first and restarted in place.',
  changes: true,
  schema: v.strictObject({
    ...commonFields,
    service: serviceField,
    strategy: v.optional(
      v.pipe(
        v.picklist(['rolling', 'in-place', 'recreate'], '"rolling", "in-place" or "recreate"'),
        v.description(
          'rolling: a copy carries the traffic meanwhile, nothing is lost. in-place: stop and start. recreate: as rolling, with a new image or environment. Left out: rolling where it can be.',
        ),
      ),
    ),
    image: v.optional(
      v.pipe(
        v.string(),
        v.regex(/^[\w][\w./:@-]{0,255}$/, 'an image that the Docker host has, such as hermes-api:2.4.1'),
        v.description('For recreate: the image to run from now on. The Docker host must have it.'),
      ),
    ),
    environmentFile: v.optional(
      v.pipe(
        v.string(),
        v.startsWith('/', 'an absolute path on the worker’s machine'),
        v.maxLength(500, 'at most 500 characters'),
        v.description(
          'For recreate: a file of NAME=value lines on the worker’s machine, for variables that change. Their values stay out of the record.',
        ),
      ),
    ),
  }),
  example: { service: 'api', by: 'chris', reason: 'memory keeps growing' },
});
