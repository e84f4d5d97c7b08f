import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RenewalReport } from '../../src/workflows/renew-certificate.ts';
import type { ProcedureResult } from '../../src/workflows/steps/procedure.ts';
import { handshake } from '../../scripts/sandbox/handshake.ts';
import { forgetLineages, onDisk, pairFor, serve } from './support/certificate-ground.ts';
import { install, type Installation } from './support/installation.ts';
import { start } from './support/runs.ts';

type Result = ProcedureResult<RenewalReport>;

let hermes: Installation;
/** The fingerprint of what is served when a test begins; ten of its ninety days are left. */
let before: string;

beforeAll(async () => {
  hermes = await install('renew', { rows: 100, authority: true });
  await hermes.startWorker();
});
afterAll(() => hermes?.close());
beforeEach(async () => {
  await forgetLineages(hermes);
  before = await serve(hermes, await pairFor(hermes));
});

let count = 0;

function renew(input: Record<string, unknown> = {}): Promise<WorkflowHandle> {
  count += 1;
  return start(hermes.client, 'renewCertificate', `renew-${count}`, { by: 'chris', ...input });
}

/** The written record of a run. */
async function recordOf({ workflowId }: WorkflowHandle): Promise<string> {
  const folder = join(hermes.directory, 'state', 'records');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.md'));
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  return texts.find((text) => text.includes(workflowId)) ?? '';
}

describe('a renewal that is due', () => {
  test('puts a new certificate in front of customers, on the disk with its key, and into the record', async () => {
    const run = await renew();
    const result: Result = await run.result();
    expect(result).toMatchObject({ outcome: 'done', report: { service: { lostConnections: 0 } } });
    const after = result.report?.service?.changes[0]?.after;
    expect(after?.fingerprint).not.toBe(before);
    expect(after?.names).toEqual(['hermes.localhost', 'voice.hermes.localhost']);
    for (const name of hermes.sandbox.authority?.hostnames ?? [])
      expect(await handshake(hermes.sandbox, name)).toEqual({
        fingerprint: after?.fingerprint,
        protocol: 'h2',
      });
    expect(await onDisk(hermes.sandbox)).toEqual({ fingerprint: after?.fingerprint, isPair: true });
    const record = await recordOf(run);
    expect(record).toContain(before.slice(0, 12));
    expect(record).toContain(after?.fingerprint);
  });
});
