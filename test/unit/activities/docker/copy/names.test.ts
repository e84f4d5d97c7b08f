import { expect, test } from 'vitest';
import {
  formerName,
  formerOf,
  replicaName,
  unfinishedName,
  unfinishedOf,
} from '../../../../../src/activities/docker/copy/names.ts';

const labels = (version: string) => ({
  'com.docker.compose.project': 'hermes',
  'com.docker.compose.service': 'api',
  'com.docker.compose.version': version,
});

test.each([
  ['1.29.2', 'hermes_api_2'],
  ['2.24.0', 'hermes-api-2'],
  ['v2.24.0', 'hermes-api-2'],
  ['dev', 'hermes-api-2'],
])('a replica is named as compose %s does', (version, name) => {
  expect(replicaName(labels(version), 2)).toBe(name);
});

test('names of what is unfinished or replaced say which run they are of, and no other name does', () => {
  expect(unfinishedOf(unfinishedName('hermes', 'api', 'replica-2', '0a1b2c3d'))).toEqual({
    step: 'replica-2',
    run: '0a1b2c3d',
  });
  expect(formerOf(formerName('hermes-api', '0a1b2c3d'))).toEqual({ name: 'hermes-api', run: '0a1b2c3d' });
  for (const name of [
    'hermes-api',
    'hermes-ops-test-api',
    'hermes_api_2',
    'hermes-ops-hermes-dump-0a1b2c3d',
  ]) {
    expect(unfinishedOf(name)).toBeUndefined();
    expect(formerOf(name)).toBeUndefined();
  }
});
