import { X509Certificate } from 'node:crypto';
import { createServer } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { renewalId, suggestedWindow } from '../../../../src/activities/certificates/renewal-info.ts';
import { leafOf } from '../../../../src/activities/certificates/fitness.ts';
import { parseStack } from '../../../../src/stack/parse.ts';
import { pem } from './pem.ts';

// The certificate and its id in RFC 9773, appendix A and section 4.1.
const rfc9773 = `-----BEGIN CERTIFICATE-----
MIIBQzCB66ADAgECAgUAh2VDIjAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFt
cGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDAS
BgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu
7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm//AwyMwWxyHz4zfwmBhcSrf47NUAFf
qzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4B
yNQwCgYIKoZIzj0EAwIDRwAwRAIge09+S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb
+FYN/8oCIClDsqBklhB9KAelFiYt9+6FDj3z4KGVelYM5MdsO3pK
-----END CERTIFICATE-----`;

test('the name of a certificate at its authority is the one of RFC 9773', () => {
  expect(renewalId(new X509Certificate(rfc9773))).toBe('aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyI');
});

async function authority(answers: Record<string, unknown>): Promise<string> {
  const server = createServer((asked, answer) => {
    const found = answers[asked.url ?? ''];
    answer.statusCode = found === undefined ? 404 : 200;
    answer.end(JSON.stringify(found ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}

const setting = (acmeServer: string) => ({
  stack: parseStack(`certificates: {acmeServer: '${acmeServer}'}`),
});

const suggestion = {
  suggestedWindow: { start: '2026-12-20T00:00:00Z', end: '2026-12-22T00:00:00Z' },
  explanationURL: 'https://example.com/why',
};

test('the authority’s window is asked for by that name', async () => {
  const hermes = pem('hermes');
  const leaf = leafOf(hermes);
  const id = leaf === undefined ? '' : renewalId(leaf);
  const answers: Record<string, unknown> = { [`/info/${id}`]: suggestion };
  const url = await authority(answers);
  answers['/directory'] = { renewalInfo: `${url}/info` };
  expect(await suggestedWindow(setting(`${url}/directory`), hermes)).toMatchObject({
    start: '2026-12-20T00:00:00.000Z',
    end: '2026-12-22T00:00:00.000Z',
  });
});

test('an authority without such a thing, with nonsense, or away, suggests nothing', async () => {
  const hermes = pem('hermes');
  const url = await authority({ '/directory': {}, '/nonsense': { renewalInfo: 7 } });
  expect(await suggestedWindow(setting(`${url}/directory`), hermes)).toBeUndefined();
  expect(await suggestedWindow(setting(`${url}/nonsense`), hermes)).toBeUndefined();
  expect(await suggestedWindow(setting('http://127.0.0.1:9/directory'), hermes)).toBeUndefined();
  expect(await suggestedWindow(setting(`${url}/directory`), 'no certificate')).toBeUndefined();
});
