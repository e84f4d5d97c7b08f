import { ApplicationFailure } from '@temporalio/common';
import type { BackupsActivities, VerifiedBackup } from '../../../src/activities/contract/backups.ts';
import type { CertificatesActivities } from '../../../src/activities/contract/certificates.ts';
import type { CacheActivities } from '../../../src/activities/contract/cache.ts';
import type { DatabaseActivities, RestorePlan, Swap } from '../../../src/activities/contract/database.ts';
import { certificatesOnAGoodDay } from './certificate-fakes.ts';
import type {
  Notice,
  RunRecord,
  StackActivities,
  StackPolicy,
} from '../../../src/activities/contract/runs.ts';
import type { ServiceContainerActivities } from '../../../src/activities/contract/containers.ts';
import type { ProxyActivities } from '../../../src/activities/contract/proxy.ts';
import type { ContainerActivities, ServiceActivities } from '../../../src/activities/contract/service.ts';
import type { LimitActivities } from '../../../src/activities/contract/limits.ts';
import type { LoadActivities } from '../../../src/activities/contract/load.ts';
import type { StackLookActivities } from '../../../src/activities/contract/stack-look.ts';
import { goodLimitsDay, goodServiceDay } from './service-fakes.ts';
import { stackLook } from './stack-look-fakes.ts';

export const live = { name: 'hermes', oid: 100 };
const shadow = { name: 'hermes_restore_1', oid: 200 };

const verified: VerifiedBackup = {
  backupId: 'hermes-20261117t030000z-aaaaaaaa',
  digest: 'd'.repeat(64),
  database: 'hermes',
  serverVersion: '15.8',
  takenAt: '2026-11-17T03:00:00.000Z',
  sizeBytes: 1_000_000,
  databaseBytes: 70_000_000,
  tables: 2,
  rows: 50_010,
};

const plan: RestorePlan = {
  backupId: verified.backupId,
  digest: verified.digest,
  takenAt: verified.takenAt,
  live,
  differences: [{ table: 'public.matters', liveRows: 49_900, backupRows: 50_000 }],
  tablesEqual: 1,
  tablesOnlyInLive: [],
  tablesOnlyInBackup: [],
  databaseBytes: 70_000_000,
  liveBytes: 71_000_000,
  serverFreeBytes: 50_000_000_000,
  serverNeededBytes: 100_000_000,
  expectedSeconds: 20,
  writesPerMinute: 12,
  statistics: [],
  endsUndoOf: [],
  warnings: [],
};

const swap: Swap = {
  old: { name: 'hermes_before_1', oid: 100 },
  live: { name: 'hermes', oid: 200 },
  swappedAt: '2026-11-17T03:10:00.000Z',
  gapMs: 110,
  writtenSincePlan: [{ table: 'public.matters', inserted: 3, updated: 0, deleted: 0 }],
};

export const policy: StackPolicy = {
  stack: 'hermes',
  database: 'hermes',
  services: { api: 'api', database: 'postgres' },
  undoWindowMs: 86_400_000,
  keepUndoneForMs: 7 * 86_400_000,
  fence: 'none',
  reconnectWithinMs: 20_000,
  forgetAfterRestore: [],
  watchMs: 30_000,
  restartsPerHour: 3,
  approvals: {},
  certificates: {
    hostnames: ['hermes.example.com'],
    challenge: 'http-01',
    acmeServer: 'https://acme.example.com/directory',
    renewAtLifetimeLeft: 0.33,
    warnBeforeMs: [21, 14, 7].map((days) => days * 86_400_000),
  },
};

type Activities = CacheActivities &
  CertificatesActivities &
  BackupsActivities &
  DatabaseActivities &
  ServiceActivities &
  ContainerActivities &
  ServiceContainerActivities &
  ProxyActivities &
  LimitActivities &
  LoadActivities &
  StackLookActivities &
  StackActivities;

export interface World {
  activities: Activities;
  /** Names of the activities called, in order. */
  calls: string[];
  records: RunRecord[];
  notices: Notice[];
  lastRequest(name: string): unknown;
}

/** Activities that record what they are asked and answer as on a good day; `changed` replaces some of them. */
export function world(changed: Partial<Activities> = {}): World {
  const calls: string[] = [];
  const requests = new Map<string, unknown>();
  const records: RunRecord[] = [];
  const notices: Notice[] = [];
  const goodDay: Activities = {
    readPolicy: async () => policy,
    notify: async (notice) => {
      notices.push(notice);
      return { told: ['Chris'] };
    },
    writeRecord: async (record) => {
      records.push(record);
      return { file: 'record.md' };
    },
    checkBackupSpace: async () => ({
      database: 'hermes',
      serverVersion: '15.8',
      databaseBytes: 70_000_000,
      freeBytes: 50_000_000_000,
      neededBytes: 80_000_000,
    }),
    dumpDatabase: async ({ backupId }) => ({
      backupId,
      tables: 2,
      rows: 50_010,
      dumpBytes: 900_000,
      durationMs: 900,
    }),
    sealBackup: async ({ backupId }) => ({ backupId, files: 5, sizeBytes: 900_000, digest: 'e'.repeat(64) }),
    readBackAndPublish: async ({ backupId }) => ({ ...verified, backupId }),
    discardPartialBackup: async () => undefined,
    sweepPartialBackups: async () => ({ removed: [] }),
    pruneBackups: async () => ({ removed: [], kept: 3 }),
    listBackups: async () => [],
    chooseBackup: async ({ backup }) => {
      if (backup === 'unknown')
        throw ApplicationFailure.nonRetryable('There is no backup unknown.', 'UnknownBackup');
      return { backupId: verified.backupId };
    },
    verifyBackup: async () => verified,
    planRestore: async () => plan,
    confirmRestorePlan: async () => undefined,
    lookAtCache: async () => ({ seen: true, keys: 40, deadLetters: 3, evicted: 0 }),
    forgetCached: async () => ({ keys: 37, deadLettersKept: 3 }),
    fenceWrites: async () => undefined,
    liftFence: async () => undefined,
    restoreBeside: async () => ({ ...shadow, sizeBytes: 70_000_000, durationMs: 9_000 }),
    discardShadow: async () => undefined,
    verifyShadow: async () => ({ tables: 2, rows: 50_010, objects: 40, checks: ['rows'] }),
    swapDatabases: async () => swap,
    undoSwap: async () => ({ undone: true }),
    swapBack: async () => ({
      live: swap.old,
      aside: { name: 'hermes_undone_1', oid: 200 },
      gapMs: 100,
      writtenSinceSwap: [{ table: 'public.matters', inserted: 7, updated: 1, deleted: 0 }],
    }),
    countWritesSinceSwap: async () => [],
    dropDatabase: async () => undefined,
    sweepDatabases: async () => ({ dropped: [], kept: [] }),
    awaitReconnection: async () => ({ reconnected: true, afterMs: 120 }),
    smokeTest: async () => ({ checks: [] }),
    restartApi: async () => ({ restarted: ['hermes-api'] }),
    stopApi: async () => ({ stopped: ['hermes-api'] }),
    startApi: async () => ({ started: ['hermes-api'] }),
    sweepJobContainers: async () => ({ removed: [] }),
    ...certificatesOnAGoodDay(),
    saveCache: async () => ({ keys: 40, deadLetters: 3, evictionPolicy: 'allkeys-lru' }),
    checkpointDatabase: async () => undefined,
    ...goodServiceDay(),
    ...goodLimitsDay(),
    lookAtStack: async () => stackLook(),
    ...changed,
  };
  const activities = Object.fromEntries(
    Object.entries(goodDay).map(([name, act]) => [
      name,
      (request: unknown) => {
        calls.push(name);
        requests.set(name, request);
        return Reflect.apply(act, undefined, [request]);
      },
    ]),
  ) as unknown as Activities;
  return { activities, calls, records, notices, lastRequest: (name) => requests.get(name) };
}
