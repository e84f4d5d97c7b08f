import type { Setting } from '../setting.ts';
import { withConnection } from './connection.ts';

/** Lets PostgreSQL write everything out: its restart is shorter then. */
export async function checkpointDatabase(setting: Setting): Promise<void> {
  await withConnection(
    setting,
    setting.stack.database.maintenanceDatabase,
    { applicationName: 'hermes-ops checkpoint' },
    async (client) => {
      await client.query('checkpoint');
    },
  );
}
