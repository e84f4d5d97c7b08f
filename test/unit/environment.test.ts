import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { readEnvironment } from '../../src/environment.ts';

test('an empty environment gives the defaults', () => {
  expect(readEnvironment({})).toMatchObject({
    stackFile: resolve('hermes.yaml'),
    stateDirectory: resolve('.state'),
    metricsAddress: '127.0.0.1:9464',
    temporalCliPath: undefined,
    temporalTestServerPath: undefined,
    chromiumPath: undefined,
    logLevel: 'INFO',
    user: undefined,
    ci: false,
  });
});

test('a variable that is set but empty counts as not set', () => {
  const names = [
    'HERMES_STACK_FILE',
    'HERMES_STATE_DIR',
    'METRICS_ADDRESS',
    'TEMPORAL_CLI_PATH',
    'LOG_LEVEL',
    'USER',
    'CI',
  ];
  const empty = readEnvironment(Object.fromEntries(names.map((name) => [name, ' '])));
  expect(JSON.stringify(empty)).toBe(JSON.stringify(readEnvironment({})));
});

test('what is set is used, with paths made absolute', () => {
  expect(
    readEnvironment({
      HERMES_STACK_FILE: 'stacks/other.yaml',
      HERMES_STATE_DIR: '/var/lib/hermes-ops',
      METRICS_ADDRESS: '0.0.0.0:9000',
      TEMPORAL_CLI_PATH: '/opt/temporal',
      TEMPORAL_TEST_SERVER_PATH: '/opt/temporal-test-server',
      CHROMIUM_PATH: '/usr/bin/chromium',
      LOG_LEVEL: 'debug',
      USER: 'ann',
      CI: 'true',
    }),
  ).toMatchObject({
    stackFile: resolve('stacks/other.yaml'),
    stateDirectory: '/var/lib/hermes-ops',
    metricsAddress: '0.0.0.0:9000',
    temporalCliPath: '/opt/temporal',
    temporalTestServerPath: '/opt/temporal-test-server',
    chromiumPath: '/usr/bin/chromium',
    logLevel: 'DEBUG',
    user: 'ann',
    ci: true,
  });
});

test('CI=false and CI=0 are not CI', () => {
  expect([readEnvironment({ CI: 'false' }).ci, readEnvironment({ CI: '0' }).ci]).toEqual([false, false]);
});

test('metrics can be turned off, and an address may be IPv6', () => {
  expect(readEnvironment({ METRICS_ADDRESS: 'off' }).metricsAddress).toBeUndefined();
  expect(readEnvironment({ METRICS_ADDRESS: '[::1]:9464' }).metricsAddress).toBe('[::1]:9464');
});

test.each([
  ['METRICS_ADDRESS', '9464', 'HOST:PORT, or off'],
  ['METRICS_ADDRESS', 'localhost:99999', 'HOST:PORT, or off'],
  ['METRICS_ADDRESS', '::1:9464', 'HOST:PORT, or off'],
  ['LOG_LEVEL', 'loud', 'DEBUG, INFO, WARN, ERROR'],
])('%s=%s is refused with its name, what came and what is expected', (name, value, expected) => {
  const read = (): unknown => readEnvironment({ [name]: value });
  expect(read).toThrow(name);
  expect(read).toThrow(new RegExp(value.replaceAll(/[[\]]/g, ''), 'i'));
  expect(read).toThrow(expected);
});

test('a variable that the stack file names is read as it is, and only when asked for', () => {
  const environment = readEnvironment({ POSTGRES_PASSWORD: ' with spaces ' });
  expect(environment.variable('POSTGRES_PASSWORD')).toBe(' with spaces ');
  expect(environment.variable('MISSING')).toBeUndefined();
  expect(JSON.stringify(environment)).not.toContain('with spaces');
});
