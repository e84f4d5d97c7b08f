import { cp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type WorkflowHandle, WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { escapeIdentifier } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WorkerProcess } from '../../scripts/worker-process.ts';
import type { BackupReport } from '../../src/workflows/backup-database.ts';
import type { RestoreReport } from '../../src/workflows/restore-database.ts';
import type { ProcedureResult } from '../../src/workflows/steps/procedure.ts';
import type { RunStatus } from '../../src/workflows/steps/status.ts';
import { journalOf, leftovers } from '../faults/support/leftovers.ts';
import {
  type BackupCopy,
  copyBackup,
  cutInHalf,
  flipBit,
  replaceFile,
  reseal,
  writeManifest,
} from './support/backup-copies.ts';
import { install, type Installation } from './support/installation.ts';
import { refusalOf } from './support/refusals.ts';
import { openPlan, start, statusWhen } from './support/runs.ts';
import { type SandboxClient, sandboxClient } from './support/sandbox-client.ts';
import { mountSmallDisk, type SmallDisk } from './support/small-disk.ts';

const matters = 2_000;
const oddName = String.raw`it's "HERMES"; drop database hermes; -- \ %s`;
const mebibyte = 1024 * 1024;

let hermes: Installation;
let customer: SandboxClient;
let worker: WorkerProcess;
/** A good backup of the sandbox's database. */
let good: string;

beforeAll(async () => {
  hermes = await install('bad-input', { rows: matters, undoWindow: '1h' });
  customer = await sandboxClient(hermes.sandbox);
  worker = await hermes.startWorker();
  good = await backUp();
});
afterAll(async () => {
  await customer?.close();
  await hermes?.close();
});

let count = 0;
function begin(workflowType: string, ...input: unknown[]): Promise<WorkflowHandle> {
  count += 1;
  return start(hermes.client, workflowType, `${workflowType}-${count}`, ...input);
}
const restore = (input: Record<string, unknown>): Promise<WorkflowHandle> =>
  begin('restoreDatabase', { by: 'chris', ...input });

async function backUp(): Promise<string> {
  const { report }: ProcedureResult<BackupReport> = await (
    await begin('backupDatabase', { by: 'chris' })
  ).result();
  return report?.backup.backupId ?? 'none';
}

/** The worker reads the stack file when it starts. */
async function useStack(sections: Record<string, unknown>): Promise<void> {
  await worker.kill();
  await hermes.writeStack({ sections });
  worker = await hermes.startWorker();
}

/** The database serves as before, and nothing is left of what was tried. */
async function servesAsBefore(kept: string[] = []): Promise<void> {
  const [row] = await hermes.sql<{ count: string }>('select count(*) from matters');
  expect(Number(row?.count)).toBe(matters);
  const { status, json } = await customer.ask('/health/detailed');
  expect({ status, json }).toMatchObject({
    status: 200,
    json: {
      components: expect.arrayContaining([
        expect.objectContaining({ component: 'database', status: 'healthy' }),
      ]),
    },
  });
  expect(await leftovers(hermes, { kept })).toEqual([]);
}

describe('the input', () => {
  const inputs: [string, unknown[], RegExp][] = [
    ['no JSON at all', [], /`backup` is missing: expected a backup id, a time/],
    ['null', [null], /`backup` is missing/],
    ['an empty object', [{}], /`backup` is missing.*A valid input: \{"backup":"latest"/],
    ['a list', [['latest']], /expected one JSON object, got \["latest"\] \(a list\)/],
    ['a text', ['latest'], /expected one JSON object, got "latest" \(string\)/],
    ['a number for a backup', [{ backup: 7 }], /`backup` is 7 \(number\): expected a backup id/],
    ['an empty backup', [{ backup: '  ' }], /`backup` is .*expected a backup id/],
    ['a very long backup', [{ backup: 'x'.repeat(101) }], /`backup` is .*at most 100 characters/],
    [
      'a text for a yes or no',
      [{ backup: 'latest', dryRun: 'yes' }],
      /`dryRun` is "yes" \(string\): expected boolean/,
    ],
    ['no duration', [{ backup: 'latest', undoWindow: 'soon' }], /`undoWindow` is "soon".*such as 90s/],
    ['no fence', [{ backup: 'latest', fence: 'wall' }], /`fence` is "wall".*"none", "read-only" or "stop"/],
    [
      'a field that there is not',
      [{ backup: 'latest', table: 'matters' }],
      /`table` is not a field; the fields are by,/,
    ],
    [
      'a backup outside of its directory',
      [{ backup: '../../etc/passwd' }],
      /`backup` is "\.\.\/\.\.\/etc\/passwd".*expected a backup id/,
    ],
    ['an absolute path', [{ backup: '/etc/passwd' }], /`backup` is "\/etc\/passwd"/],
    ['an unfinished backup', [{ backup: '.partial-x' }], /`backup` is "\.partial-x"/],
    ['a moment that there is not', [{ backup: '2026-13-45T03:00Z' }], /`backup` is "2026-13-45T03:00Z"/],
  ];
  test.each(inputs)('%s is refused at once, with the field and what is expected', async (_, input, words) => {
    const handle = await begin('restoreDatabase', ...input);
    expect(await refusalOf(handle)).toEqual({ type: 'InvalidInput', message: expect.stringMatching(words) });
  });

  const encodings: [string, string, string, string][] = [
    ['is not the JSON that it says it is', 'json/plain', 'latest', 'got "latest" (string)'],
    ['is in an encoding that nobody knows', 'yaml', 'backup: latest', 'got "backup: latest" (string)'],
    ['is bytes', 'binary/plain', 'latest', 'expected one JSON object'],
  ];
  test.each(encodings)('that %s is refused at once', async (_, encoding, data, words) => {
    count += 1;
    const workflowId = `restoreDatabase-${count}`;
    await hermes.client.workflowService.startWorkflowExecution({
      namespace: 'default',
      workflowId,
      requestId: workflowId,
      workflowType: { name: 'restoreDatabase' },
      taskQueue: { name: hermes.taskQueue },
      input: { payloads: [{ metadata: { encoding: Buffer.from(encoding) }, data: Buffer.from(data) }] },
    });
    expect(await refusalOf(hermes.client.workflow.getHandle(workflowId))).toEqual({
      type: 'InvalidInput',
      message: expect.stringContaining(words),
    });
  });

  test('of any kind has changed nothing', () => servesAsBefore());
});

describe('a restore of', () => {
  test('a backup that there is not names the newest that there are', async () => {
    const handle = await restore({ backup: 'hermes-20200101t000000z-0badc0de' });
    expect(await refusalOf(handle)).toEqual({
      type: 'UnknownBackup',
      message: expect.stringMatching(new RegExp(`no backup called hermes-20200101t.*The newest: ${good}`)),
    });
    await servesAsBefore();
  });

  const damages: [string, (copy: BackupCopy) => Promise<unknown>, string, RegExp][] = [
    [
      'a truncated archive',
      (copy) => cutInHalf(copy.dataFile('public.matters')),
      'DamagedBackup',
      /is damaged: dump\/\S+ \(table public\.matters\).*Choose another: the newest is/,
    ],
    [
      'an archive with one bit flipped',
      (copy) => flipBit(copy.dataFile('public.call_events')),
      'DamagedBackup',
      /is damaged: dump\/\S+ \(table public\.call_events\) (?:cannot be read|was altered)/,
    ],
    [
      'an archive without one of its files',
      (copy) => rm(copy.dataFile('public.tenants')),
      'DamagedBackup',
      /files are missing: dump\/\S+ \(table public\.tenants\)/,
    ],
    [
      'an archive with a file too many',
      (copy) => writeFile(copy.file('dump/passwd'), 'root'),
      'DamagedBackup',
      /files that its manifest does not name: dump\/passwd/,
    ],
    [
      'an archive that was cut before its checksums were taken',
      (copy) => replaceFile(copy, 'dump/toc.dat', (content) => content.subarray(0, content.length / 2)),
      'DamagedBackup',
      /pg_restore cannot read backup damaged-\d+ \(exit 1\)\. pg_restore: error/,
    ],
    [
      'a backup whose manifest was altered',
      (copy) => writeManifest(copy, { ...copy.manifest, databaseBytes: 1 }),
      'DamagedBackup',
      /The manifest of backup \S+ was altered.*its own digest/,
    ],
    [
      'a backup without a manifest',
      (copy) => rm(copy.file('manifest.json')),
      'DamagedBackup',
      /has no manifest\.json/,
    ],
    [
      'a newer server’s dump',
      async (copy) => {
        // The archive format's version is the sixth to eighth byte: 1.16 is what PostgreSQL 17 writes.
        await replaceFile(copy, 'dump/toc.dat', (content) => {
          content.writeUInt8(16, 6);
          return content;
        });
        await reseal(copy, { serverVersion: '17.2', serverVersionNum: 170_002 });
      },
      'NewerServer',
      /is of PostgreSQL 17\.2.*too old for it.*upgrade the server/,
    ],
    [
      'a newer server’s dump that the tools can read',
      (copy) => reseal(copy, { serverVersion: '16.1', serverVersionNum: 160_001 }),
      'NewerServer',
      /is of PostgreSQL 16\.1; the server is version 15/,
    ],
    [
      'a backup that is too large for the database server’s disk',
      (copy) => reseal(copy, { databaseBytes: 10 ** 15 }),
      'NotEnoughSpace',
      /database server's volume has \d+ MiB free; the restore needs \d+ MiB/,
    ],
  ];
  test.each(damages)('%s is refused', async (_, damage, type, words) => {
    const copy = await copyBackup(hermes.backups, good, `damaged-${count}`);
    await damage(copy);
    const refusal = await refusalOf(await restore({ backup: copy.backupId }));
    expect(refusal).toEqual({ type, message: expect.stringMatching(words) });
    await servesAsBefore();
    await rm(copy.folder, { recursive: true });
  });
});

describe('while a restore waits for its approval', () => {
  let waiting: WorkflowHandle;
  let plan: string;
  beforeAll(async () => {
    waiting = await restore({ backup: good });
    plan = await openPlan(waiting);
  });

  test('another one under another workflow id is told who holds the database', async () => {
    const refusal = await refusalOf(await restore({ backup: 'latest' }));
    expect(refusal).toEqual({
      type: 'ResourceBusy',
      message: expect.stringMatching(
        new RegExp(
          `database of \\S+ is held by restoreDatabase \\(workflow ${waiting.workflowId}, since .*"onBusy": "queue"`,
        ),
      ),
    });
  });

  const answers: [string, unknown, RegExp][] = [
    ['without JSON', undefined, /`the whole answer` is missing|not valid/],
    ['that is a text', 'yes', /not valid/],
    ['by nobody', { plan: 'PLAN' }, /`by` is missing\. Send \{"by": "YOUR NAME", "plan": "PLAN"\}/],
    ['by an empty name', { by: ' ', plan: 'PLAN' }, /`by` is not valid/],
    ['of no plan', { by: 'dana' }, /`plan` is missing/],
    [
      'of another plan',
      { by: 'dana', plan: '0badc0de' },
      /Plan 0badc0de is not the one that waits: that is PLAN/,
    ],
  ];
  test.each(answers)('an approval %s does not count, and says why', async (_, answer, words) => {
    const fill = (text: string): string => text.replaceAll('PLAN', plan);
    const filled: unknown = answer === undefined ? undefined : JSON.parse(fill(JSON.stringify(answer)));
    const expected = new RegExp(fill(words.source));
    const update = waiting.executeUpdate<string, [unknown]>('approve', { args: [filled] });
    await expect(update).rejects.toBeInstanceOf(WorkflowUpdateFailedError);
    await expect(update).rejects.toMatchObject({ cause: { message: expect.stringMatching(expected) } });
    await (filled === undefined ? waiting.signal('approve') : waiting.signal('approve', filled));
    const { question } = await statusWhen(waiting, ({ timeline }) =>
      timeline.some(({ text }) => text.startsWith('Signal approve not taken') && expected.test(text)),
    );
    expect(question).toMatchObject({ plan, missing: 1, answers: [] });
  });

  test('a signal that is not the JSON that it says it is does not stop the run', async () => {
    await hermes.client.workflowService.signalWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: waiting.workflowId },
      signalName: 'approve',
      input: {
        payloads: [{ metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{by: me') }],
      },
    });
    const refused = /^Signal approve not taken: `the whole answer` is not valid/;
    const heard = ({ timeline }: RunStatus): number =>
      timeline.filter(({ text }) => refused.test(text)).length;
    await statusWhen(waiting, (status) => heard(status) === 2);
  });

  test('an approval after the rejection does not count', async () => {
    await waiting.signal('reject', { by: 'dana', plan, reason: 'not tonight' });
    await waiting.signal('approve', { by: 'erin', plan }).catch(() => undefined);
    expect(await waiting.result()).toMatchObject({
      outcome: 'rejected',
      summary: expect.stringContaining(`dana rejected plan ${plan}: not tonight. Nothing was changed.`),
    });
    await expect(waiting.signal('approve', { by: 'erin', plan })).rejects.toBeInstanceOf(
      WorkflowNotFoundError,
    );
    await servesAsBefore();
  });
});

test('a restore that is approved twice swaps once', async () => {
  const handle = await restore({ backup: good });
  const plan = await openPlan(handle);
  await Promise.all(['dana', 'dana', 'erin'].map((by) => handle.signal('approve', { by, plan })));
  const undo = await openPlan(handle, 'undo-window');
  await handle.signal('approve', { by: 'dana', plan });
  await handle.signal('keep', { by: 'dana', plan: undo });
  const { outcome, report }: ProcedureResult<RestoreReport> = await handle.result();
  expect({ outcome, undo: report?.undo.decision }).toEqual({ outcome: 'done', undo: 'kept' });
  expect(await journalOf(hermes, (await handle.describe()).runId)).toEqual(['swap']);
  await servesAsBefore();
});

describe('with a short deadline, an approval', () => {
  const deadlineMs = 8_000;
  beforeAll(() => useStack({ approvals: { 'restore-database': { deadline: `${deadlineMs / 1000}s` } } }));

  interface Unattended {
    handle: WorkflowHandle;
    plan: string;
    deadlineAtMs: number;
  }

  /** A restore that waits, and no worker to read its answer. */
  async function unattended(): Promise<Unattended> {
    const handle = await restore({ backup: good });
    const plan = await openPlan(handle);
    const { question } = await statusWhen(handle, (status) => status.question !== undefined);
    await worker.kill();
    return { handle, plan, deadlineAtMs: Date.parse(question?.deadlineAt ?? '') };
  }

  async function passed(deadlineAtMs: number): Promise<void> {
    await new Promise((resolve) => {
      setTimeout(resolve, deadlineAtMs + 500 - Date.now());
    });
  }

  test('by nobody is a no', async () => {
    const handle = await restore({ backup: good });
    expect(await handle.result()).toMatchObject({
      outcome: 'not-approved',
      summary: expect.stringMatching(/^Nobody approved plan \w+ within 8 s, until .* Nothing was changed\./),
    });
    await servesAsBefore();
  });

  test('after it does not count, although no worker was there to see the time pass', async () => {
    const { handle, plan, deadlineAtMs } = await unattended();
    await passed(deadlineAtMs);
    await handle.signal('approve', { by: 'dana', plan });
    worker = await hermes.startWorker();
    expect(await handle.result()).toMatchObject({ outcome: 'not-approved' });
    const timeline = await handle.query<{ text: string }[]>('timeline');
    expect(timeline.map(({ text }) => text)).toContainEqual(
      expect.stringMatching(/^dana answered approve after the deadline of/),
    );
    await servesAsBefore();
  });

  test('before it counts, although no worker was there to read it', async () => {
    const { handle, plan, deadlineAtMs } = await unattended();
    await handle.signal('approve', { by: 'dana', plan });
    expect(Date.now()).toBeLessThan(deadlineAtMs);
    await passed(deadlineAtMs);
    worker = await hermes.startWorker();
    await handle.signal('keep', { by: 'dana', plan: await openPlan(handle, 'undo-window') });
    expect(await handle.result()).toMatchObject({ outcome: 'done' });
    await servesAsBefore();
  });
});

describe('a database', () => {
  test('that there is not is named, with those that there are', async () => {
    await useStack({ database: { name: 'hermes_production' } });
    const words = /There is no database "hermes_production" on the server; it has .*hermes.*`database\.name`/;
    const refused = { type: 'UnknownDatabase', message: expect.stringMatching(words) };
    expect(await refusalOf(await begin('backupDatabase'))).toEqual(refused);
    const copy = await copyBackup(hermes.backups, good, 'of-no-database');
    await reseal(copy, { database: 'hermes_production' });
    expect(await refusalOf(await restore({ backup: copy.backupId }))).toEqual(refused);
    await servesAsBefore();
    await rm(copy.folder, { recursive: true });
  });

  describe('with quotes, spaces and semicolons in its name', () => {
    const odd = <Row extends object>(query: string): Promise<Row[]> => hermes.sql<Row>(query, [], oddName);
    const contents = `select (select string_agg(note, ',' order by id) from "Notes; of 'clients'") as notes,
                             (select count(*)::int from numbers) as numbers`;
    beforeAll(async () => {
      await hermes.sql(`create database ${escapeIdentifier(oddName)}`, [], 'postgres');
      await odd(`create table "Notes; of 'clients'" (id int primary key, note text);
                 create table numbers (id int); insert into numbers select generate_series(1, 300);
                 insert into "Notes; of 'clients'" values (1, 'one'), (2, 'it''s; two')`);
      await useStack({ database: { name: oddName, keyTables: ['public.numbers'] } });
    });
    afterAll(() => hermes.sql(`drop database ${escapeIdentifier(oddName)} with (force)`, [], 'postgres'));

    test('is backed up and restored like any other', async () => {
      const before = await odd(contents);
      const backup = await backUp();
      await odd(`delete from numbers where id > 7; drop table "Notes; of 'clients'"`);
      const handle = await restore({ backup });
      await handle.signal('approve', { by: 'dana', plan: await openPlan(handle) });
      const undo = await openPlan(handle, 'undo-window');
      expect(await odd(contents)).toEqual(before);
      await handle.signal('rollback', { by: 'dana', plan: undo });
      const undone: ProcedureResult<RestoreReport> = await handle.result();
      expect(undone.outcome).toBe('rolled-back');
      expect(await odd('select count(*)::int as numbers from numbers')).toEqual([{ numbers: 7 }]);
      const aside = undone.report?.undo.rollback?.aside.name ?? '';
      await servesAsBefore([oddName, aside]);
      await hermes.sql(`drop database ${escapeIdentifier(aside)}`, [], 'postgres');
    });

    test('is not overwritten by a backup of another database', async () => {
      const refusal = await refusalOf(await restore({ backup: good }));
      expect(refusal.type).toBe('WrongDatabase');
      expect(refusal.message).toContain(`is of the database hermes, the stack's is ${oddName}.`);
      await servesAsBefore([oddName]);
    });
  });
});

describe.runIf(process.getuid?.() === 0)('on a disk that is too small,', () => {
  const disks: SmallDisk[] = [];
  afterAll(async () => {
    await worker.kill();
    for (const disk of disks) await disk.remove();
  });

  async function useSmallDisk(
    sizeBytes: number,
    sections: { minimumFreeSpace: string; database: string },
  ): Promise<string> {
    const disk = await mountSmallDisk(join(hermes.directory, `disk-${disks.length}`), sizeBytes);
    disks.push(disk);
    const { minimumFreeSpace, database } = sections;
    await useStack({ backups: { directory: disk.path, minimumFreeSpace }, database: { name: database } });
    return disk.path;
  }

  test('a backup is refused before it begins, with the numbers', async () => {
    const directory = await useSmallDisk(64 * mebibyte, { minimumFreeSpace: '200MiB', database: 'hermes' });
    const refusal = await refusalOf(await begin('backupDatabase'));
    expect(refusal).toEqual({
      type: 'NotEnoughSpace',
      message: expect.stringMatching(
        /has 64 MiB free; a backup needs 2\d\d MiB.*Nothing was written\. Make room there/,
      ),
    });
    expect(await readdir(directory)).toEqual([]);
    await servesAsBefore();
  });

  test('a restore is refused before its safety backup', async () => {
    const directory = disks.at(-1)?.path ?? '';
    await cp(join(hermes.backups, good), join(directory, good), { recursive: true });
    const refusal = await refusalOf(await restore({ backup: good }));
    expect(refusal).toEqual({
      type: 'NotEnoughSpace',
      message: expect.stringMatching(/has \d+ MiB free; a backup needs 2\d\d MiB.*Nothing was written\./),
    });
    expect(await readdir(directory)).toEqual([good]);
    await servesAsBefore();
  });

  test('a dump that fills it is taken away again, and says so', async () => {
    await hermes.sql('create database recordings', [], 'postgres');
    await hermes.sql(
      `create extension pgcrypto;
       create table recordings as
         select n, (select string_agg(gen_random_bytes(1024), '') from generate_series(n, n + 15)) as sound
           from generate_series(1, 1100) n`,
      [],
      'recordings',
    );
    const [size] = await hermes.sql<{ bytes: string }>(`select pg_database_size('recordings') as bytes`);
    // Sound cannot be compressed: what looks like enough is not.
    const enoughBytes = Math.ceil(Number(size?.bytes) * 0.6) + mebibyte;
    const directory = await useSmallDisk(enoughBytes, { minimumFreeSpace: '64KiB', database: 'recordings' });
    const refusal = await refusalOf(await begin('backupDatabase'));
    expect(refusal).toEqual({
      type: 'NotEnoughSpace',
      message: expect.stringMatching(/pg_dump of recordings failed.*No space left on device/),
    });
    expect(await readdir(directory)).toEqual([]);
    await hermes.sql('drop database recordings with (force)', [], 'postgres');
    await servesAsBefore();
  });
});
