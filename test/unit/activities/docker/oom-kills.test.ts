import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseOomKills } from '../../../../src/activities/docker/oom-kills.ts';

test('processes that were killed are counted in what either version of cgroups writes', () => {
  expect(parseOomKills('low 0\nhigh 0\nmax 12\noom 4\noom_kill 3\noom_group_kill 0\n')).toBe(3);
  expect(parseOomKills('oom_kill_disable 0\nunder_oom 0\noom_kill 2\n')).toBe(2);
});

test('what says nothing of it is unknown, never zero', () => {
  expect(parseOomKills('')).toBeNull();
  expect(parseOomKills('oom_kill_disable 0\nunder_oom 0\n')).toBeNull();
  fc.assert(
    fc.property(fc.string(), (text) => {
      const kills = parseOomKills(text);
      expect(kills === null || kills >= 0).toBe(true);
    }),
  );
});
