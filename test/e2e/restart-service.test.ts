import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RestartReport } from '../../src/workflows/restart-service.ts';
import type { ProcedureResult } from '../../src/workflows/steps/procedure.ts';
import { install, type Installation } from './support/installation.ts';
import { serviceState } from './support/service-state.ts';
import { start } from './support/runs.ts';
import { startTraffic } from './support/traffic.ts';

let hermes: Installation;
beforeAll(async () => {
  hermes = await install('restart', { rows: 1_000 });
  await hermes.startWorker();
});
afterAll(() => hermes?.close());

type Result = ProcedureResult<RestartReport>;
let count = 0;

function restart(input: Record<string, unknown>): Promise<WorkflowHandle> {
  count += 1;
  return start(hermes.client, 'restartService', `restart-${count}`, { by: 'chris', ...input });
}

describe('a rolling restart of a single container', () => {
  test('loses no request and no stream, and leaves names, port and labels as they were', async () => {
    const before = await serviceState(hermes);
    const traffic = await startTraffic(hermes.sandbox);
    const result: Result = await (await restart({ service: 'api' })).result();
    const seen = await traffic.stop();
    const after = await serviceState(hermes);
    expect(result).toMatchObject({ outcome: 'done', report: { strategy: 'rolling', cut: 0, killed: [] } });
    expect(seen).toMatchObject({ failed: 0, cut: 0 });
    expect(after.containers).toEqual(before.containers);
    expect(after.startedAt).not.toEqual(before.startedAt);
    expect(after.hosts).toEqual(before.hosts);
  });
});
