import * as v from 'valibot';
import { serviceName } from '../stack/names.ts';

/** A service as the compose file calls it; whether there is one is looked at when the procedure runs. */
export const serviceField = v.pipe(
  serviceName,
  v.description('The service, by its name in the compose file, such as api.'),
);
