import { createHash } from 'node:crypto';
import { join } from 'node:path';
import * as v from 'valibot';
import { problem } from '../../problem.ts';
import { type Inventory, inventorySchema } from '../database/inventory.ts';
import { backupFolder, readJson } from './folder.ts';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const manifestSchema = v.strictObject({
  version: v.literal(1),
  backupId: v.string(),
  kind: v.picklist(['manual', 'scheduled', 'safety']),
  stack: v.string(),
  database: v.string(),
  serverVersion: v.string(),
  serverVersionNum: count,
  /** When the snapshot was taken: what a restore brings back is the state of this moment. */
  snapshotAt: v.string(),
  finishedAt: v.string(),
  durationMs: count,
  files: v.array(
    v.strictObject({
      name: v.string(),
      sizeBytes: count,
      sha256: v.string(),
      /** Of a file with rows: whose they are. */
      table: v.optional(v.string()),
    }),
  ),
  sizeBytes: count,
  /** `pg_database_size` at the dump: uncompressed, with indexes. */
  databaseBytes: count,
  tables: v.array(v.strictObject({ table: v.string(), rows: count })),
  /** Roles that own things or are granted something: a restore needs them. */
  roles: v.array(v.string()),
  objects: v.record(v.string(), count),
  by: v.string(),
  reason: v.string(),
  workflowId: v.string(),
  runId: v.string(),
});

/** What is written down of a backup, last of all its files: it is the commit. */
export type ManifestContent = v.InferOutput<typeof manifestSchema>;

/** With the SHA-256 of its own content. */
export type Manifest = ManifestContent & { digest: string };

const signedSchema = v.strictObject({ ...manifestSchema.entries, digest: v.string() });

export const manifestFile = 'manifest.json';
export const inventoryFile = 'inventory.json';
export const dumpFolder = 'dump';

export function sealed(content: ManifestContent): Manifest {
  return { ...content, digest: digestOf(content) };
}

/** The manifest of a published backup. Throws UnknownBackup or DamagedBackup. */
export async function readManifest(directory: string, backupId: string): Promise<Manifest> {
  return readManifestIn(backupFolder(directory, backupId), backupId);
}

export async function readManifestIn(folder: string, backupId: string): Promise<Manifest> {
  const raw = await readJson(join(folder, manifestFile)).catch(() => 'broken');
  if (raw === undefined) {
    throw problem('DamagedBackup', {
      what: `Backup ${backupId} has no ${manifestFile}.`,
      next: 'Choose another backup.',
    });
  }
  const parsed = v.safeParse(signedSchema, raw);
  if (!parsed.success)
    throw altered(backupId, parsed.issues.map((issue) => v.getDotPath(issue) ?? 'all').join(', '));
  const { digest, ...content } = parsed.output;
  if (digestOf(content) !== digest) throw altered(backupId, 'its content does not match its own digest');
  return parsed.output;
}

/** The manifest of the very backup that `digest` names. Throws as `readManifest`, and where it is another one now. */
export async function readSameManifest(
  directory: string,
  backupId: string,
  digest: string,
): Promise<Manifest> {
  const manifest = await readManifest(directory, backupId);
  if (manifest.digest === digest) return manifest;
  throw altered(backupId, 'it is not the one that was checked before');
}

/** What existed in the database when it was dumped. */
export async function readInventory(directory: string, backupId: string): Promise<Inventory> {
  const parsed = v.safeParse(
    inventorySchema,
    await readJson(join(backupFolder(directory, backupId), inventoryFile)),
  );
  if (parsed.success) return parsed.output;
  throw problem('DamagedBackup', { what: `Backup ${backupId}: ${inventoryFile} is missing or broken.` });
}

export function totalRows({ tables }: Pick<ManifestContent, 'tables'>): number {
  return tables.reduce((sum, { rows }) => sum + rows, 0);
}

function altered(backupId: string, what: string): Error {
  return problem('DamagedBackup', {
    what: `The manifest of backup ${backupId} was altered or is broken: ${what}.`,
    state: 'Nothing was changed.',
    next: 'Choose another backup.',
  });
}

/** Keys sorted at every depth, so that equal content has an equal digest. */
function digestOf(content: ManifestContent): string {
  return createHash('sha256').update(canonical(content)).digest('hex');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
}
