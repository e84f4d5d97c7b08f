import { problem } from '../../problem.ts';
import type {
  DatabaseIdentity,
  Swap,
  SwapBack,
  SwapBackRequest,
  SwapRequest,
  WrittenRows,
} from '../contract/database.ts';
import { currentOwner, type Owner } from '../owner.ts';
import type { Setting } from '../setting.ts';
import { type DatabaseLock, withDatabaseLock } from './advisory-lock.ts';
import { withConnection } from './connection.ts';
import { findByName, findByOid, writeComment, writeMark } from './databases.ts';
import { assertUnchanged, exchangeDatabases } from './exchange.ts';
import { oldName, quoted, undoneName } from './identifiers.ts';
import {
  addEntry,
  findEntry,
  findSwapInto,
  isWithdrawn,
  type JournalDetails,
  type JournalEntry,
  updateDetails,
  withdraw,
} from './journal.ts';
import { readStatistics, writtenBetween } from './statistics.ts';

const shownTables = 50;

/** Puts the shadow in the live database's place, at most once for one approval. */
export async function swapDatabases(setting: Setting, request: SwapRequest): Promise<Swap> {
  const owner = currentOwner(setting.stack.stack);
  return withDatabaseLock(setting, async (lock) => {
    const entry =
      (await spentBefore(lock, owner, request.approval)) ?? (await swapNow(setting, lock, owner, request));
    const written = await closeOutgoing(setting, lock, entry, request.since);
    const { out, live, gapMs } = entry.details;
    return { old: out, live, gapMs, swappedAt: entry.at, writtenSincePlan: written };
  });
}

async function swapNow(
  setting: Setting,
  lock: DatabaseLock,
  owner: Owner,
  { approval, live, shadow, keepUntil }: SwapRequest,
): Promise<JournalEntry> {
  await assertUnchanged(lock.client, live);
  await assertUnchanged(lock.client, shadow);
  const { comment = null } = (await findByName(lock.client, live.name)) ?? {};
  const outName = oldName(live.name, owner.runId, new Date());
  const baseline = await statisticsOf(setting, shadow.name);
  await exchangeDatabases(setting, lock, {
    out: live,
    outName,
    into: shadow,
    inside: async (client, gapMs) => {
      const old = { name: outName, oid: live.oid };
      await writeMark(client, old, { ...owner, purpose: 'kept', keepUntil, comment });
      await writeComment(client, live.name, comment);
      const details: JournalDetails = {
        out: old,
        live: { name: live.name, oid: shadow.oid },
        gapMs: gapMs(),
        baseline,
      };
      await addEntry(client, owner, { approval, action: 'swap', details });
    },
  });
  return entryOf(lock, approval);
}

/** The way back of a swap; done already is success. */
export async function swapBack(setting: Setting, request: SwapBackRequest): Promise<SwapBack> {
  return withDatabaseLock(setting, (lock) => swapBackUnder(setting, lock, request));
}

async function swapBackUnder(
  setting: Setting,
  lock: DatabaseLock,
  request: SwapBackRequest,
): Promise<SwapBack> {
  const owner = currentOwner(setting.stack.stack);
  const { swap, approval } = request;
  const entry =
    (await spentBefore(lock, owner, approval)) ?? (await swapBackNow(setting, lock, owner, request));
  const written = await closeOutgoing(setting, lock, entry, await baselineOf(lock, swap));
  const { out, live, gapMs } = entry.details;
  return { live, aside: out, gapMs, writtenSinceSwap: written };
}

async function swapBackNow(
  setting: Setting,
  lock: DatabaseLock,
  owner: Owner,
  { approval, swap, keepUntil }: SwapBackRequest,
): Promise<JournalEntry> {
  const comment = (await findByName(lock.client, swap.live.name))?.comment ?? null;
  const outName = undoneName(swap.live.name, owner.runId);
  const old = (await findByOid(lock.client, swap.old.oid)) ?? swap.old;
  await exchangeDatabases(setting, lock, {
    out: swap.live,
    outName,
    into: { name: old.name, oid: swap.old.oid },
    inside: async (client, gapMs) => {
      await client.query(`alter database ${quoted(swap.live.name)} with allow_connections true`);
      const aside = { name: outName, oid: swap.live.oid };
      await writeMark(client, aside, { ...owner, purpose: 'undone', keepUntil, comment });
      await writeComment(client, swap.live.name, comment);
      const details: JournalDetails = {
        out: aside,
        live: { name: swap.live.name, oid: swap.old.oid },
        gapMs: gapMs(),
        baseline: [],
      };
      await addEntry(client, owner, { approval, action: 'swap-back', details });
    },
  });
  return entryOf(lock, approval);
}

/**
 * For a way back that does not know whether the swap took place: the journal on the target does. Withdraws the
 * approval first, so that an attempt of the swap which thaws later finds it gone.
 */
export async function undoSwap(
  setting: Setting,
  { approval, keepUntil }: { approval: string; keepUntil: string },
): Promise<{ undone: boolean }> {
  const owner = currentOwner(setting.stack.stack);
  return withDatabaseLock(setting, async (lock) => {
    await withdraw(lock.client, owner, approval);
    const entry = await findEntry(lock.client, approval);
    if (entry?.action !== 'swap') return { undone: false };
    const { out: old, live, gapMs } = entry.details;
    const undoing = `${approval}/undone`;
    const stands = (await findByName(lock.client, live.name))?.oid === live.oid;
    if (!stands && (await findEntry(lock.client, undoing)) === undefined) return { undone: false };
    const swap = { old, live, gapMs, swappedAt: entry.at, writtenSincePlan: [] };
    await swapBackUnder(setting, lock, { approval: undoing, swap, keepUntil });
    return { undone: true };
  });
}

/** As far as the server knows: a session tells of its writes once a second, an idle one within ten. */
export async function countWritesSinceSwap(setting: Setting, swap: Swap): Promise<WrittenRows[]> {
  const baseline = await withDatabaseLock(setting, (lock) => baselineOf(lock, swap));
  return writtenBetween(baseline, await statisticsOf(setting, swap.live.name)).slice(0, shownTables);
}

/** An approval is spent once. The run that spent it gets what came of it, as long as that still stands. */
async function spentBefore(
  lock: DatabaseLock,
  owner: Owner,
  approval: string,
): Promise<JournalEntry | undefined> {
  const entry = await findEntry(lock.client, approval);
  if (entry === undefined) {
    if (!(await isWithdrawn(lock.client, approval))) return undefined;
    throw problem('ApprovalSpent', {
      what: `Approval ${approval} was withdrawn: the run that asked for it went back.`,
      state: 'Nothing was changed.',
      next: 'Start again and have the new plan approved.',
    });
  }
  const { live } = entry.details;
  const now = await findByName(lock.client, live.name);
  if (entry.runId === owner.runId && now?.oid === live.oid) return entry;
  throw problem('ApprovalSpent', {
    what: `Approval ${approval} was spent at ${entry.at} by workflow ${entry.workflowId}.`,
    state: `Since then ${now?.oid === live.oid ? 'nothing was exchanged' : 'another database has become live'}; nothing was changed now.`,
    next: 'Start again and have the new plan approved.',
  });
}

/**
 * Counts what was written to the database that was set aside and closes it. Written down first: closed, it cannot
 * be asked again.
 */
async function closeOutgoing(
  setting: Setting,
  lock: DatabaseLock,
  { approval, details }: JournalEntry,
  since: WrittenRows[],
): Promise<WrittenRows[]> {
  let { written } = details;
  if (written === undefined) {
    written = writtenBetween(since, await statisticsOf(setting, details.out.name)).slice(0, shownTables);
    await updateDetails(lock.client, approval, { ...details, written });
  }
  const out = await findByOid(lock.client, details.out.oid);
  if (out !== undefined && out.name === details.out.name) {
    await lock.client.query(`alter database ${quoted(out.name)} with allow_connections false`);
  }
  return written;
}

async function entryOf(lock: DatabaseLock, approval: string): Promise<JournalEntry> {
  const entry = await findEntry(lock.client, approval);
  if (entry !== undefined) return entry;
  throw problem('Unreachable', { what: `The journal lost the entry of ${approval}.` });
}

async function baselineOf(lock: DatabaseLock, { live }: { live: DatabaseIdentity }): Promise<WrittenRows[]> {
  return (await findSwapInto(lock.client, live.oid))?.details.baseline ?? [];
}

async function statisticsOf(setting: Setting, database: string): Promise<WrittenRows[]> {
  return withConnection(setting, database, { applicationName: 'hermes-ops counts writes' }, readStatistics);
}
