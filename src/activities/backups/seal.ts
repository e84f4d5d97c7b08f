import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Context } from '@temporalio/activity';
import * as v from 'valibot';
import type { SealedBackup } from '../contract/backups.ts';
import { currentOwner } from '../owner.ts';
import { reportProgress } from '../progress.ts';
import type { Setting } from '../setting.ts';
import { tablesByFile } from './contents.ts';
import { readDump, requestFile } from './dump.ts';
import { backupFolder, exists, filesBelow, partialFolder, readJson } from './folder.ts';
import { syncPath, writeDurably } from '../durable-file.ts';
import { type Manifest, manifestFile, readManifestIn, sealed } from './manifest.ts';
import { objectCounts } from './snapshot.ts';

const requestSchema = v.object({
  kind: v.picklist(['manual', 'scheduled', 'safety']),
  by: v.string(),
  reason: v.string(),
});

/** Makes the dump durable and writes the manifest, last of all. Sealed already is success. */
export async function sealBackup(setting: Setting, backupId: string): Promise<SealedBackup> {
  const { directory } = setting.stack.backups;
  if (await exists(backupFolder(directory, backupId))) {
    return summaryOf(await readManifestIn(backupFolder(directory, backupId), backupId));
  }
  const folder = partialFolder(directory, backupId);
  const { snapshot, outcome } = await readDump(folder);
  const request = v.parse(requestSchema, await readJson(join(folder, requestFile)));
  const tables = await tablesByFile(setting, backupId, snapshot);
  const names = (await filesBelow(folder)).filter(
    (name) => name !== manifestFile && !name.endsWith('.draft'),
  );
  const files: Manifest['files'] = [];
  for (const [index, name] of names.entries()) {
    reportProgress(`Checksum of ${name}`, index / names.length);
    await syncPath(join(folder, name));
    const table = tables.get(name.replace(/\.gz$/, ''));
    files.push({
      name,
      ...(await fingerprint(join(folder, name))),
      ...(table === undefined ? {} : { table }),
    });
  }
  for (const parent of new Set(names.map((name) => dirname(join(folder, name))))) await syncPath(parent);
  const { inventory, at: snapshotAt, name: _, tables: counted, ...taken } = snapshot;
  const { workflowId, runId, stack } = currentOwner(setting.stack.stack);
  const manifest = sealed({
    version: 1,
    backupId,
    ...request,
    stack,
    ...taken,
    tables: counted.map(({ table, rows }) => ({ table, rows })),
    snapshotAt,
    finishedAt: outcome.finishedAt,
    durationMs: outcome.durationMs,
    files,
    sizeBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    objects: objectCounts(inventory),
    workflowId,
    runId,
  });
  await writeDurably(join(folder, manifestFile), `${JSON.stringify(manifest, null, 2)}\n`);
  return summaryOf(manifest);
}

/** Size and SHA-256 of a file, read in full. */
export async function fingerprint(path: string): Promise<{ sizeBytes: number; sha256: string }> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash, { signal: Context.current().cancellationSignal });
  return { sizeBytes: (await stat(path)).size, sha256: hash.digest('hex') };
}

function summaryOf({ backupId, files, sizeBytes, digest }: Manifest): SealedBackup {
  return { backupId, files: files.length, sizeBytes, digest };
}
