import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../../src/temporal/free-ports.ts';

async function listening(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no address');
  return address.port;
}

test('the wanted port is taken when nobody listens on it', async () => {
  const free = await freePort(0, '127.0.0.1');
  expect(await freePort(free, '127.0.0.1')).toBe(free);
});

test('another port is taken when somebody listens on the wanted one', async () => {
  const taken = await listening();
  const port = await freePort(taken, '127.0.0.1');
  expect(port).not.toBe(taken);
  expect(port).toBeGreaterThan(0);
});
