import { randomUUID } from 'node:crypto';
import type {
  DatabaseActivities,
  DatabaseIdentity,
  Swap,
  SwapRequest,
} from '../../../src/activities/contract/database.ts';
import { createDatabaseActivities } from '../../../src/activities/database/activities.ts';
import { quoted } from '../../../src/activities/database/identifiers.ts';
import type { Setting } from '../../../src/activities/setting.ts';
import { type DatabaseServer, inHours, startDatabaseServer } from './database-server.ts';
import { attemptOf } from './run.ts';

/** A live database and a restored one beside it, of one test's own. */
export interface Scene {
  setting: Setting;
  database: DatabaseActivities;
  live: DatabaseIdentity;
  shadow: DatabaseIdentity;
  request: SwapRequest;
  /** What customers find under the live name. */
  serving(): Promise<string>;
  /** Databases of this scene, by name. */
  names(): Promise<string[]>;
  /** What the journal has of the scene's approval. */
  entries(): Promise<object[]>;
}

/** A server with a pattern of each of the two. */
export async function startSwapServer(): Promise<DatabaseServer> {
  const server = await startDatabaseServer();
  for (const which of ['live', 'restored']) {
    await server.sql(`create database like_${which}`, 'postgres');
    await server.sql(
      `create table marker (which text); insert into marker values ('${which}');
       create table work (client int, n int)`,
      `like_${which}`,
    );
  }
  return server;
}

let scenes = 0;

export async function sceneOn(server: DatabaseServer, settingOf = server.as): Promise<Scene> {
  scenes += 1;
  const name = `scene_${scenes}`;
  const setting = settingOf({ name });
  const shadowName = `${name}_shadow`;
  await server.sql(`create database ${quoted(name)} template like_live`, 'postgres');
  await server.sql(`comment on database ${quoted(name)} is 'customers'' own comment'`, 'postgres');
  await server.sql(`create database ${quoted(shadowName)} template like_restored`, 'postgres');
  const [live, shadow] = [await server.identity(name), await server.identity(shadowName)];
  const request = { approval: randomUUID(), live, shadow, keepUntil: inHours(24), since: [] };
  return {
    setting,
    database: createDatabaseActivities(setting),
    live,
    shadow,
    request,
    serving: async () =>
      (await server.sql<{ which: string }>('select which from marker', name))[0]?.which ?? '',
    names: async () => (await server.names()).filter((one) => one.startsWith(name)),
    entries: () =>
      server.sql('select action from hermes_ops.journal where approval = $1', 'postgres', [request.approval]),
  };
}

export async function swapIn({ database, request }: Scene, attempt = attemptOf()): Promise<Swap> {
  return attempt.do(() => database.swapDatabases(request));
}
