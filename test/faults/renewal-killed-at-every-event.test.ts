import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { run } from '../../scripts/sandbox/command.ts';
import type { RenewalReport } from '../../src/workflows/renew-certificate.ts';
import type { ProcedureResult } from '../../src/workflows/steps/procedure.ts';
import {
  type CertificateInstallation,
  installWithAuthority,
} from '../e2e/support/certificate-installation.ts';
import { everyStep, killAtEveryEvent, type KillOptions } from './support/kill-at-events.ts';
import { isScheduled } from './support/reset.ts';
import { observeTls } from './support/tls-observer.ts';
import { seatWorker, type WorkerSeat } from './support/worker-seat.ts';

type Result = ProcedureResult<RenewalReport>;

const workflowTaskTimeout = '3s';

/** The moments after the order at which something is about to be done. */
function aboutTo(...activities: string[]): KillOptions {
  const isOne = activities.map(isScheduled);
  return { from: isScheduled('checkPair'), at: (event) => isOne.some((is) => is(event)) };
}

let hermes: CertificateInstallation;
let seat: WorkerSeat;
let before: string;

beforeAll(async () => {
  hermes = await installWithAuthority('renewal-killed', { worker: false });
  seat = await seatWorker(hermes);
});
afterAll(() => hermes?.close());
beforeEach(async () => {
  before = await hermes.prepare();
});

/** Renews with a worker that dies again and again, and says what customers and the disk saw of it. */
async function killed(when: KillOptions) {
  const startedAtMs = Date.now();
  const observer = observeTls(hermes.sandbox);
  const handle = await hermes.client.workflow.start('renewCertificate', {
    workflowId: `renewal-${startedAtMs}`,
    taskQueue: hermes.taskQueue,
    workflowTaskTimeout,
    args: [{ by: 'chris' }],
  });
  const runOf = { workflowId: handle.workflowId, runId: handle.firstExecutionRunId };
  const kills = await killAtEveryEvent(hermes.client, runOf, seat, when);
  const result: Result = await handle.result();
  const seen = await observer.stop();
  const seconds = Math.round((Date.now() - startedAtMs) / 1000);
  const { handshakes, longestGapMs } = seen;
  process.stdout.write(
    `a renewal: ${kills.length} kills in ${seconds} s, ${handshakes} handshakes, the longest gap ${longestGapMs} ms\n`,
  );
  return { result, seen };
}

/** What a run has left that should not be there: containers, tokens, unfinished pairs. */
async function leftovers(): Promise<string[]> {
  const { ssl, webroot } = hermes.sandbox.folders;
  const label = `label=hermes-ops.stack=${hermes.project}`;
  const containers = await run('docker', ['ps', '--all', '--format', '{{.Names}}', '--filter', label]);
  const files = await Promise.all(
    [ssl, join(ssl, 'cert.pem.pairs'), join(webroot, '.well-known', 'acme-challenge')].map(async (folder) =>
      (await readdir(folder).catch(() => [])).map((name) => join(folder, name)),
    ),
  );
  return [
    ...containers.split('\n').filter((name) => name !== ''),
    ...files.flat().filter((path) => /\.new-|hermes-ops-/.test(path.slice(path.lastIndexOf('/')))),
  ];
}

describe('a worker', () => {
  test('that is killed after every step renews with one order; customers get the old certificate or the new one, and no mixture lies on the disk', async () => {
    const { result, seen } = await killed(everyStep);
    expect(result.outcome).toBe('done');
    const after = result.report?.service?.changes[0]?.after.fingerprint;
    expect(seen.wrong).toEqual([]);
    expect(seen.onDisk).toEqual([before, after]);
    // While nginx reloads, for some 150 ms, its old workers and its new ones both take connections.
    expect([...new Set(seen.served)]).toEqual([before, after]);
    expect(seen.served.at(-1)).toBe(after);
    expect(hermes.front.orders).toHaveLength(1);
    expect(await leftovers()).toEqual([]);
  });

  test('that is killed whenever it changes something takes a certificate back that nginx would not load', async () => {
    const broken = (text: string): string => text.replace('server_tokens off;', 'no_such_directive on;');
    const order = hermes.front.hold();
    const renewal = killed(aboutTo('installPair', 'reloadForCertificates', 'putBackPair', 'notify'));
    await order.reached;
    const { result, seen } = await hermes.withConfiguration(broken, () => {
      order.release();
      return renewal;
    });
    expect(result.outcome).toBe('rolled-back');
    expect(seen.wrong).toEqual([]);
    expect(seen.served).toEqual([before]);
    expect(seen.onDisk[0]).toBe(before);
    expect(seen.onDisk.at(-1)).toBe(before);
    expect(await leftovers()).toEqual([]);
  });
});
