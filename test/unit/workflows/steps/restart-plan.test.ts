import { describe, expect, test } from 'vitest';
import { strategyOf } from '../../../../src/workflows/steps/restart-plan.ts';
import { serviceLook } from '../service-fakes.ts';

const redis = serviceLook({ service: 'redis', role: 'cache', stateful: true });
const nginx = serviceLook({ service: 'nginx', role: 'proxy' });
const odd = serviceLook({ uncopyable: ['it is paused'] });

describe('left to itself, a restart', () => {
  test.each([
    [serviceLook(), {}, 'rolling'],
    [serviceLook(), { image: 'hermes-api:2.5' }, 'recreate'],
    [serviceLook(), { environmentFile: '/etc/new.env' }, 'recreate'],
    [redis, {}, 'in-place'],
    [nginx, {}, 'in-place'],
    [odd, {}, 'in-place'],
  ])('of %o with %o is %s', (look, request, strategy) => {
    expect(strategyOf(look, request)).toBe(strategy);
  });
});

describe('asked for what cannot be, it is refused and another way offered', () => {
  test.each([
    [redis, { strategy: 'rolling' as const }, 'keeps data'],
    [redis, { image: 'redis:8' }, 'keeps data'],
    [nginx, { strategy: 'recreate' as const }, 'nothing stands before it'],
    [odd, { strategy: 'rolling' as const }, 'it is paused'],
  ])('%o with %o', (look, request, said) => {
    expect(() => strategyOf(look, request)).toThrow(said);
    expect(() => strategyOf(look, request)).toThrow('"strategy": "in-place"');
  });

  test('an image for a restart that keeps the container', () => {
    expect(() => strategyOf(serviceLook(), { strategy: 'rolling', image: 'x' })).toThrow('strategy recreate');
  });
});
