import * as v from 'valibot';
import { request } from 'undici';
import { run } from './command.ts';
import { projectContainers } from './project.ts';
import { waitFor } from './readiness.ts';
import type { Sandbox } from './sandbox.ts';

const hash = 'hermes:sandbox:faults';
const versionField = 'version';
const seenWithinMs = 5_000;
const workersOfAnApi = 4;
const stages = ['speech_to_text', 'llm_processing', 'text_to_speech'] as const;

const faultsSchema = v.partial(
  v.strictObject({
    /** One stage of every voice turn takes this much longer. */
    slowStage: v.strictObject({ stage: v.picklist(stages), ms: v.pipe(v.number(), v.minValue(0)) }),
    /** The share of voice turns that fail, 0 to 1. */
    errorRate: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
    /** Every voice turn of this tenant fails. */
    erringTenant: v.pipe(v.string(), v.minLength(1)),
    /** MiB a second that the api's container grows. */
    leakMbPerSecond: v.pipe(v.number(), v.minValue(0)),
    /** Connections held open in a transaction, beside the pool. */
    heldConnections: v.pipe(v.number(), v.integer(), v.minValue(0)),
    /** Nothing is answered any more, TERM included. */
    hang: v.literal(true),
    /** The process ends; with `curedByRestart: false` again and again. */
    crash: v.literal(true),
    clio: v.picklist(['down', 'token-expired', 'token-revoked']),
    openai: v.picklist(['healthy', 'down']),
    /** A pool that loses a connection never makes another. */
    noReconnect: v.literal(true),
  }),
);

export type Faults = v.InferOutput<typeof faultsSchema>;
export type FaultName = keyof Faults;

/** What a process has caught, a new process does not have. The rest is the world outside, or the data. */
const curedByRestart: ReadonlySet<string> = new Set<FaultName>([
  'leakMbPerSecond',
  'heldConnections',
  'hang',
  'crash',
  'noReconnect',
]);

export interface SetFaultsOptions {
  /** Whether a restarted api is free of them. Otherwise each fault's own nature decides. */
  curedByRestart?: boolean;
}

/** How many workers of the running api containers follow, of how many. One that hangs or crashed has seen it. */
export interface FaultsSeen {
  seenBy: number;
  workers: number;
}

/** Switches faults on, beside those that are on, and waits until every worker has seen them (5 s at most). */
export async function setFaults(
  sandbox: Sandbox,
  faults: Faults,
  options: SetFaultsOptions = {},
): Promise<FaultsSeen> {
  const setAt = Date.now() / 1000;
  const fields = Object.entries(v.parse(faultsSchema, faults)).flatMap(([name, value]) => [
    name,
    JSON.stringify({
      value,
      set_at: setAt,
      cured_by_restart: options.curedByRestart ?? curedByRestart.has(name),
    }),
  ]);
  await redis(sandbox, ['HSET', hash, ...fields, versionField, setAt.toFixed(6)]);
  return waitUntilSeen(sandbox, setAt.toFixed(6));
}

/** Switches faults off: those named, or all. */
export async function clearFaults(sandbox: Sandbox, names?: FaultName[]): Promise<FaultsSeen> {
  const version = (Date.now() / 1000).toFixed(6);
  await redis(sandbox, names === undefined ? ['DEL', hash] : ['HDEL', hash, ...names]);
  await redis(sandbox, ['HSET', hash, versionField, version]);
  return waitUntilSeen(sandbox, version);
}

/** The faults that are switched on. Whether a process is past one that a restart cures, its start time says. */
export async function readFaults(sandbox: Sandbox): Promise<Faults> {
  const lines = (await redis(sandbox, ['HGETALL', hash])).split('\n');
  const found: Record<string, unknown> = {};
  for (let at = 0; at + 1 < lines.length; at += 2) {
    const [name = '', entry = ''] = [lines[at], lines[at + 1]];
    if (name !== versionField)
      found[name] = v.parse(v.object({ value: v.unknown() }), JSON.parse(entry)).value;
  }
  return v.parse(faultsSchema, found);
}

/** Puts invented dead letters into Redis, of all types and priorities or of one. */
export async function makeDeadLetters(
  { apiUrl, secrets }: Sandbox,
  count: number,
  only: { messageType?: string; priority?: 'critical' | 'high' | 'medium' | 'low' } = {},
): Promise<void> {
  const body = { count, message_type: only.messageType ?? 'mixed', priority: only.priority ?? 'mixed' };
  const response = await request(`${apiUrl}/_sandbox/dead-letters`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secrets.adminToken}` },
    body: JSON.stringify(body),
  });
  const text = await response.body.text();
  if (response.statusCode !== 200)
    throw new Error(`The api made no dead letters: it answered ${response.statusCode} ${text}`);
}

/** `errorRate=0.2`, `slowStage=llm_processing:800`, `hang=true`. Throws with what is expected. */
export function parseFault(text: string): Faults {
  const at = text.indexOf('=');
  const [name, value] = at < 0 ? [text, 'true'] : [text.slice(0, at), text.slice(at + 1)];
  const parsed = v.safeParse(faultsSchema, { [name]: valueOf(name, value) });
  if (parsed.success) return parsed.output;
  throw new Error(`${text}: ${v.summarize(parsed.issues)}`);
}

function valueOf(name: string, value: string): unknown {
  if (name === 'slowStage') {
    const [stage, ms] = value.split(':');
    return { stage, ms: Number(ms) };
  }
  if (value === 'true') return true;
  return value !== '' && Number.isFinite(Number(value)) ? Number(value) : value;
}

async function waitUntilSeen(sandbox: Sandbox, version: string): Promise<FaultsSeen> {
  let seen: FaultsSeen = { seenBy: 0, workers: 0 };
  const look = async () => {
    seen = await whoHasSeen(sandbox, version);
    return seen.seenBy >= seen.workers ? undefined : 'not all have seen it';
  };
  const tooLate = new Error('not all have seen it');
  try {
    await waitFor(look, seenWithinMs, () => tooLate);
  } catch (error) {
    // A hung or starting worker follows later or not at all: the caller is told how many did.
    if (error !== tooLate) throw error;
  }
  return seen;
}

async function whoHasSeen(sandbox: Sandbox, version: string): Promise<FaultsSeen> {
  const apis = (await projectContainers(sandbox.project)).filter(
    ({ service, state }) => service === 'api' && state === 'running',
  );
  let seenBy = 0;
  for (const { id } of apis) {
    const versions = await redis(sandbox, ['HVALS', `hermes:sandbox:seen:${id.slice(0, 12)}`]);
    seenBy += versions.split('\n').filter((seenVersion) => seenVersion === version).length;
  }
  return { seenBy, workers: apis.length * workersOfAnApi };
}

/** redis-cli inside the container; the password goes through this process's environment. */
async function redis({ containers, secrets }: Sandbox, args: string[]): Promise<string> {
  const output = await run(
    'docker',
    ['exec', '--env', 'REDISCLI_AUTH', containers.redis, 'redis-cli', '--raw', '-e', ...args],
    { env: { REDISCLI_AUTH: secrets.redisPassword } },
  );
  if (/^(NOAUTH|WRONGPASS|ERR|LOADING|MISCONF)\b/.test(output)) throw new Error(`Redis refused: ${output}`);
  return output;
}
