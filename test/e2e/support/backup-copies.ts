import { cp, open, stat, truncate, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Manifest,
  type ManifestContent,
  readManifestIn,
  sealed,
} from '../../../src/activities/backups/manifest.ts';

/** A backup of the test's own, to damage. */
export interface BackupCopy {
  backupId: string;
  folder: string;
  manifest: Manifest;
  /** Absolute. */
  file(name: string): string;
  /** The file with a table's rows. */
  dataFile(table: string): string;
}

/** Copies a backup under an id of its own: good until somebody damages it. */
export async function copyBackup(directory: string, from: string, to: string): Promise<BackupCopy> {
  const folder = join(directory, to);
  await cp(join(directory, from), folder, { recursive: true });
  const manifest = await readManifestIn(folder, from);
  const copy: BackupCopy = {
    backupId: to,
    folder,
    manifest,
    file: (name) => join(folder, name),
    dataFile(table) {
      const found = copy.manifest.files.find((file) => file.table === table);
      if (found === undefined) throw new Error(`Backup ${from} has no rows of ${table}`);
      return join(folder, found.name);
    },
  };
  await reseal(copy, { backupId: to });
  return copy;
}

/** Changes what a backup says of itself, so that its own digest holds. */
export async function reseal(copy: BackupCopy, change: Partial<ManifestContent>): Promise<void> {
  const { digest: _, ...content } = copy.manifest;
  copy.manifest = sealed({ ...content, ...change });
  await writeManifest(copy, copy.manifest);
}

/** Changes a file and what the manifest says of it: no checksum shows it. */
export async function replaceFile(
  copy: BackupCopy,
  name: string,
  change: (content: Buffer) => Buffer,
): Promise<void> {
  const content = change(await readFile(copy.file(name)));
  await writeFile(copy.file(name), content);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const { files } = copy.manifest;
  await reseal(copy, {
    files: files.map((file) => (file.name === name ? { ...file, sizeBytes: content.length, sha256 } : file)),
  });
}

/** Writes a manifest as it is, whatever its digest says. */
export async function writeManifest({ folder }: BackupCopy, manifest: object): Promise<void> {
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
}

export async function cutInHalf(path: string): Promise<void> {
  await truncate(path, Math.floor((await stat(path)).size / 2));
}

export async function flipBit(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const at = Math.floor((await file.stat()).size / 2);
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, at);
    byte.writeUInt8(byte.readUInt8(0) ^ 1, 0);
    await file.write(byte, 0, 1, at);
  } finally {
    await file.close();
  }
}
