import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { resolveTemporal } from '../../../src/temporal/connect.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** An environment without the settings of whoever runs the tests. */
function environment(variables: Record<string, string> = {}, toml?: string): Record<string, string> {
  const folder = temporaryFolder();
  const file = join(folder, 'temporal.toml');
  if (toml !== undefined) writeFileSync(file, toml);
  return { HOME: folder, XDG_CONFIG_HOME: folder, TEMPORAL_CONFIG_FILE: file, ...variables };
}

test('without settings the embedded server is meant', () => {
  expect(resolveTemporal(environment())).toEqual({ kind: 'embedded', namespace: 'default' });
  expect(resolveTemporal(environment({ TEMPORAL_ADDRESS: '' }))).toMatchObject({ kind: 'embedded' });
});

test('TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE name a server', () => {
  const variables = { TEMPORAL_ADDRESS: 'temporal.example:7233', TEMPORAL_NAMESPACE: 'ops' };
  expect(resolveTemporal(environment(variables))).toEqual({
    kind: 'configured',
    namespace: 'ops',
    connectionOptions: { address: 'temporal.example:7233' },
  });
});

test('a profile of temporal.toml brings its TLS files and its API key', () => {
  const folder = temporaryFolder();
  for (const name of ['ca', 'crt', 'key']) writeFileSync(join(folder, name), `${name} of the test`);
  const toml = `
[profile.production]
address = "temporal.example:7233"
namespace = "ops"
api_key = "secret"
[profile.production.tls]
server_name = "inner.example"
server_ca_cert_path = "${join(folder, 'ca')}"
client_cert_path = "${join(folder, 'crt')}"
client_key_path = "${join(folder, 'key')}"
`;
  expect(resolveTemporal(environment({ TEMPORAL_PROFILE: 'production' }, toml))).toEqual({
    kind: 'configured',
    namespace: 'ops',
    connectionOptions: {
      address: 'temporal.example:7233',
      apiKey: 'secret',
      tls: {
        serverNameOverride: 'inner.example',
        serverRootCACertificate: new Uint8Array(Buffer.from('ca of the test')),
        clientCertPair: {
          crt: new Uint8Array(Buffer.from('crt of the test')),
          key: new Uint8Array(Buffer.from('key of the test')),
        },
      },
    },
  });
});

test('an API key alone turns TLS on', () => {
  const variables = { TEMPORAL_ADDRESS: 'temporal.example:7233', TEMPORAL_API_KEY: 'secret' };
  expect(resolveTemporal(environment(variables))).toMatchObject({
    connectionOptions: { apiKey: 'secret', tls: true },
  });
});

test('an API key or TLS without an address is refused: the embedded server has neither', () => {
  expect(() => resolveTemporal(environment({ TEMPORAL_API_KEY: 'secret' }))).toThrow('Set TEMPORAL_ADDRESS');
  expect(() => resolveTemporal(environment({ TEMPORAL_TLS: 'true' }))).toThrow('no address');
});

test('settings that cannot be read say where to look, without the secret', () => {
  const missing = environment({ TEMPORAL_PROFILE: 'nowhere' }, '[profile.default]\naddress = "a:1"\n');
  expect(() => resolveTemporal(missing)).toThrow(
    /settings for Temporal cannot be used.*nowhere.*temporal\.toml/s,
  );
  const noFile = environment({
    TEMPORAL_ADDRESS: 'a:1',
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: '/no/such/ca.pem',
  });
  expect(() => resolveTemporal(noFile)).toThrow('/no/such/ca.pem');
});
