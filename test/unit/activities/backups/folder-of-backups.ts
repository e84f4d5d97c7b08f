import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import Docker from 'dockerode';
import { type ManifestContent, sealed } from '../../../../src/activities/backups/manifest.ts';
import type { Setting } from '../../../../src/activities/setting.ts';
import { parseStack } from '../../../../src/stack/parse.ts';

/** A stack whose backups are in a new folder; nothing else of it exists. */
export async function settingWithFolder(backups: Record<string, unknown> = {}): Promise<Setting> {
  const directory = await mkdtemp(join(tmpdir(), 'hermes-ops-unit-'));
  return {
    stack: parseStack(JSON.stringify({ backups: { directory, ...backups } }), 'test.yaml'),
    docker: new Docker(),
    secret: () => Promise.reject(new Error('no secret here')),
    stateDirectory: directory,
    client: new Client(),
    isAlive: () => Promise.resolve(false),
  };
}

export function manifestOf(backupId: string, more: Partial<ManifestContent> = {}): ManifestContent {
  return {
    version: 1,
    backupId,
    kind: 'scheduled',
    stack: 'hermes',
    database: 'hermes_production',
    serverVersion: '15.8',
    serverVersionNum: 150_008,
    snapshotAt: '2026-11-17T03:00:00.000Z',
    finishedAt: '2026-11-17T03:01:00.000Z',
    durationMs: 60_000,
    files: [],
    sizeBytes: 0,
    databaseBytes: 1000,
    tables: [{ table: 'public.matters', rows: 10 }],
    roles: ['postgres'],
    objects: { relation: 1 },
    by: 'schedule',
    reason: '',
    workflowId: 'backup',
    runId: 'run',
    ...more,
  };
}

/** Publishes a manifest without a dump: enough for what reads manifests only. */
export async function publish(
  { stack }: Setting,
  backupId: string,
  more: Partial<ManifestContent> = {},
): Promise<void> {
  const folder = join(stack.backups.directory, backupId);
  await mkdir(folder);
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(sealed(manifestOf(backupId, more))));
}
