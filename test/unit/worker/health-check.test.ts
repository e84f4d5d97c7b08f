import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { asksForWork, unhealthyBecause } from '../../../src/worker/health-check.ts';

const serving = [
  '# HELP temporal_num_pollers Current number of active pollers per queue type',
  '# TYPE temporal_num_pollers gauge',
  'temporal_num_pollers{namespace="default",poller_type="activity_task",task_queue="hermes-ops"} 0',
  'temporal_num_pollers{namespace="default",poller_type="workflow_task",task_queue="hermes-ops"} 2',
  '',
].join('\n');

let server: Server | undefined;
afterEach(() => server?.close());

async function serve(status: number, body: string): Promise<string> {
  server = createServer((_, response) => response.writeHead(status).end(body)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return `0.0.0.0:${address.port}`;
}

describe('the worker’s health', () => {
  test('is good while it asks Temporal for work', async () => {
    expect(await unhealthyBecause(await serve(200, serving))).toBeUndefined();
  });

  test('is bad, with the reason, when it asks for none', async () => {
    const address = await serve(200, serving.replace(/} 2$/m, '} 0'));
    expect(await unhealthyBecause(address)).toBe('The worker does not ask Temporal for work.');
  });

  test('is bad when it answers with an error, or not at all', async () => {
    const address = await serve(500, '');
    expect(await unhealthyBecause(address)).toMatch(/127\.0\.0\.1:\d+\/metrics answered 500\./);
    server?.close();
    await once(server ?? createServer(), 'close');
    expect(await unhealthyBecause(address)).toMatch(/does not answer: .*ECONNREFUSED/);
  });

  test('is unknown, and so not good, without metrics', async () => {
    expect(await unhealthyBecause(undefined)).toMatch(/METRICS_ADDRESS is off/);
  });

  test('reads the number of pollers, however it is written', () => {
    expect(asksForWork('temporal_num_pollers{poller_type="workflow_task"} 1e1')).toBe(true);
    expect(asksForWork('temporal_num_pollers_other{a="b"} 3')).toBe(false);
    expect(asksForWork('')).toBe(false);
  });
});
