import {
  appendFile,
  cp,
  mkdir,
  open,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createBackupsActivities } from '../../src/activities/backups/activities.ts';
import { type Manifest, readManifestIn, sealed } from '../../src/activities/backups/manifest.ts';
import type { Setting } from '../../src/activities/setting.ts';
import { problemTypeOf } from '../../src/problem.ts';
import { attemptOf } from './support/run.ts';
import { type BackupRun, backupRun, startServer, type TestServer } from './support/server.ts';

const levels = [0, 1] as const;
type Level = (typeof levels)[number];

let server: TestServer;
const dumps = new Map<Level, { run: BackupRun; directory: string }>();
beforeAll(async () => {
  server = await startServer();
  await server.sql(`
    create table matters (id int primary key, note text);
    insert into matters select n, md5(n::text) from generate_series(1, 5000) n;
    create table bills (id int primary key, matter int references matters);
    insert into bills select n, n from generate_series(1, 3000) n;`);
  for (const level of levels) {
    const directory = join(server.directory, `level-${level}`);
    const run = backupRun({ ...server, setting: withDirectory(directory, level) });
    await mkdir(directory);
    await run.dump();
    dumps.set(level, { run, directory });
  }
});
afterAll(async () => server.remove());

function withDirectory(directory: string, compressionLevel: Level): Setting {
  const { stack } = server.setting;
  const backups = { ...stack.backups, directory, compressionLevel };
  return { ...server.setting, stack: { ...stack, backups } };
}

interface Copy {
  folder: string;
  backupId: string;
  publish(): Promise<void>;
  verify(): Promise<unknown>;
  /** The data file of a table. */
  dataFile(table: string): Promise<string>;
}

/** The unfinished dump in a directory of its own, to damage before or after it is published. */
async function copyOf(level: Level, name: string): Promise<Copy> {
  const dump = dumps.get(level);
  if (dump === undefined) throw new Error(`no dump of level ${level}`);
  const { run, directory } = dump;
  const copied = join(server.directory, name.replaceAll(/\W+/g, '-'));
  await cp(directory, copied, { recursive: true });
  const activities = createBackupsActivities(withDirectory(copied, level));
  const { backupId } = run;
  const copy: Copy = {
    folder: join(copied, `.partial-${backupId}`),
    backupId,
    publish: async () => {
      await run.attempt().do(() => activities.sealBackup({ backupId }));
      await run.attempt().do(() => activities.readBackAndPublish({ backupId }));
      copy.folder = join(copied, backupId);
    },
    verify: async () => attemptOf().do(() => activities.verifyBackup({ backupId })),
    dataFile: async (table) => {
      const text = table === 'public.matters' ? 'c4ca4238a0b923820dcc509a6f75849b' : '2999\t2999\n';
      for (const file of await readdir(join(copy.folder, 'dump'))) {
        if (!/\.dat(?:\.gz)?$/.test(file)) continue;
        const path = join(copy.folder, 'dump', file);
        const content = await readFile(path);
        if ((file.endsWith('.gz') ? gunzipSync(content) : content).includes(text)) return path;
      }
      throw new Error(`no data file of ${table}`);
    },
  };
  return copy;
}

async function cutInHalf(path: string): Promise<void> {
  await truncate(path, Math.floor((await stat(path)).size / 2));
}

async function flipBit(path: string): Promise<void> {
  const file = await open(path, 'r+');
  const at = Math.floor((await file.stat()).size / 2);
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, at);
  byte[0] = (byte[0] ?? 0) ^ 1;
  await file.write(byte, 0, 1, at);
  await file.close();
}

async function changeManifest(
  { folder, backupId }: Copy,
  change: (manifest: Manifest) => void,
): Promise<Manifest> {
  const manifest = await readManifestIn(folder, backupId);
  change(manifest);
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
  return manifest;
}

describe.each(levels)('a backup with compression %i', (level) => {
  test('is good when nobody touched it', async () => {
    const copy = await copyOf(level, `untouched ${level}`);
    await copy.publish();
    expect(await copy.verify()).toMatchObject({ tables: 2, rows: 8000 });
  });

  const afterwards: [string, (copy: Copy) => Promise<unknown>, RegExp][] = [
    [
      'a data file cut in half',
      async (copy) => cutInHalf(await copy.dataFile('public.matters')),
      /public\.matters/,
    ],
    [
      'a data file with one bit flipped',
      async (copy) => flipBit(await copy.dataFile('public.bills')),
      /public\.bills/,
    ],
    [
      'a data file missing',
      async (copy) => rm(await copy.dataFile('public.bills')),
      /missing.*public\.bills/,
    ],
    [
      'a data file emptied',
      async (copy) => writeFile(await copy.dataFile('public.matters'), ''),
      /public\.matters/,
    ],
    [
      'a data file replaced by an empty table’s',
      async (copy) => {
        const path = await copy.dataFile('public.matters');
        const nothing = Buffer.from('\\.\n\n\n');
        await writeFile(path, path.endsWith('.gz') ? gzipSync(nothing) : nothing);
      },
      /public\.matters/,
    ],
    [
      'one byte more in a data file',
      async (copy) => appendFile(await copy.dataFile('public.matters'), 'x'),
      /public\.matters/,
    ],
    ['a file too many', async (copy) => writeFile(join(copy.folder, 'dump', '9999.dat'), ''), /9999\.dat/],
    [
      'its table of contents cut',
      async (copy) => cutInHalf(join(copy.folder, 'dump', 'toc.dat')),
      /toc\.dat/,
    ],
    [
      'its inventory altered',
      async (copy) => appendFile(join(copy.folder, 'inventory.json'), ' '),
      /inventory\.json/,
    ],
    ['its manifest missing', async (copy) => rm(join(copy.folder, 'manifest.json')), /manifest\.json/],
    ['its manifest cut', async (copy) => cutInHalf(join(copy.folder, 'manifest.json')), /manifest/],
    [
      'its manifest altered',
      async (copy) => changeManifest(copy, (manifest) => (manifest.databaseBytes += 1)),
      /digest/,
    ],
    [
      'a manifest that was altered and signed anew',
      async (copy) => {
        const changed = await changeManifest(copy, ({ tables: [table] }) => {
          if (table !== undefined) table.rows += 1;
        });
        const { digest: _, ...content } = changed;
        await writeFile(join(copy.folder, 'manifest.json'), JSON.stringify(sealed(content)));
      },
      /public\.bills\) holds 3000 rows, its snapshot held 3001/,
    ],
    [
      'the manifest of another backup',
      async (copy) => {
        const { digest: _, ...content } = await changeManifest(copy, () => undefined);
        const other = sealed({ ...content, backupId: 'another' });
        await writeFile(join(copy.folder, 'manifest.json'), JSON.stringify(other));
      },
      /another/,
    ],
  ];
  test.each(afterwards)('with %s is refused', async (name, damage, message) => {
    const copy = await copyOf(level, `after ${level} ${name}`);
    await copy.publish();
    await damage(copy);
    await expect(copy.verify()).rejects.toMatchObject({
      type: 'DamagedBackup',
      nonRetryable: true,
      message: expect.stringMatching(message),
    });
  });

  const beforehand: [string, (copy: Copy) => Promise<unknown>][] = [
    ['a data file cut in half', async (copy) => cutInHalf(await copy.dataFile('public.matters'))],
    ['a data file missing', async (copy) => rm(await copy.dataFile('public.bills'))],
    ['a data file emptied', async (copy) => writeFile(await copy.dataFile('public.matters'), '')],
    [
      'a data file without its last row',
      async (copy) => {
        const path = await copy.dataFile('public.bills');
        const content = await readFile(path);
        const text = (path.endsWith('.gz') ? gunzipSync(content) : content)
          .toString()
          .replace('3000\t3000\n', '');
        await writeFile(path, path.endsWith('.gz') ? gzipSync(text) : text);
      },
    ],
    ['no table of contents', async (copy) => rm(join(copy.folder, 'dump', 'toc.dat'))],
  ];
  test.each(beforehand)('that was dumped with %s never becomes one', async (name, damage) => {
    const copy = await copyOf(level, `before ${level} ${name}`);
    await damage(copy);
    const failure = await copy.publish().catch((error: unknown) => error);
    expect(['DamagedBackup', 'JobFailed']).toContain(problemTypeOf(failure));
    expect(await readdir(join(copy.folder, '..'))).toEqual([`.partial-${copy.backupId}`]);
  });
});
