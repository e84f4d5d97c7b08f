import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { problemTypeOf } from '../../../../src/problem.ts';
import { describeScalePlan, planScaling } from '../../../../src/workflows/steps/scale-plan.ts';
import { container, serviceLook } from '../service-fakes.ts';

const of = (...numbers: number[]) => numbers.map((number) => container({ number }));

function refusal(act: () => unknown): { type: string | undefined; message: string } {
  try {
    act();
  } catch (error) {
    return { type: problemTypeOf(error), message: error instanceof Error ? error.message : '' };
  }
  return { type: undefined, message: 'nothing was refused' };
}

describe('scaling out', () => {
  test('creates what is missing, with numbers that are free', () => {
    const plan = planScaling(serviceLook({ freeNumbers: [3, 4, 6] }), 3);
    expect(plan).toMatchObject({ create: [3, 4], remove: [], original: { name: 'hermes-api' } });
  });

  test('replaces a replica of hermes-ops that does not run', () => {
    const containers = [container(), container({ number: 2, running: false, answers: false })];
    const plan = planScaling(serviceLook({ containers, freeNumbers: [3, 4] }), 2);
    expect(plan.create).toEqual([3]);
    expect(plan.remove.map(({ number }) => number)).toEqual([2]);
  });

  test('that the host’s memory cannot carry is refused with what the host has', () => {
    const host = { cores: 2, memoryBytes: 4e9, availableBytes: 1e9, usedByOneBytes: 5e8 };
    const { type, message } = refusal(() => planScaling(serviceLook({ host }), 3));
    expect(type).toBe('NotEnoughRoom');
    expect(message).toContain('953.7 MiB of its 3.7 GiB left (2 cores)');
  });

  test('of what cannot be copied faithfully is refused by name', () => {
    const look = serviceLook({ uncopyable: ['files that its image does not have: /a'] });
    expect(refusal(() => planScaling(look, 2))).toMatchObject({
      type: 'CannotCopy',
      message: expect.stringContaining('/a'),
    });
  });

  test('without an original that answers is refused', () => {
    const look = serviceLook({ containers: [container({ answers: false })] });
    expect(refusal(() => planScaling(look, 2)).message).toContain('nothing to make a copy of');
  });
});

describe('scaling in', () => {
  test('takes the highest numbers first, and only what hermes-ops made', () => {
    const plan = planScaling(serviceLook({ containers: of(1, 2, 3, 4) }), 2);
    expect(plan.remove.map(({ number }) => number)).toEqual([4, 3]);
    expect(plan.staying.map(({ number }) => number)).toEqual([1, 2]);
  });

  test('below what compose made is refused, and says how compose does it', () => {
    const containers = [container(), container({ number: 2, madeBy: 'compose' }), container({ number: 3 })];
    expect(refusal(() => planScaling(serviceLook({ containers }), 1)).message).toContain('--scale api=1');
  });

  test('to what does not answer is refused', () => {
    const containers = [
      container({ answers: false }),
      container({ number: 2 }),
      container({ number: 3, madeBy: 'compose' }),
    ];
    expect(planScaling(serviceLook({ containers }), 2).remove.map(({ number }) => number)).toEqual([2]);
  });
});

describe('outside the bounds', () => {
  test.each([
    [{ stateful: true, service: 'postgres' }, 2, 'keeps data'],
    [{ role: 'proxy' as const, service: 'nginx', publishes: ['80', '443'] }, 2, 'on ports 80, 443'],
    [{ maximum: 4 }, 5, 'allows 1 to 4'],
    [{ minimum: 2 }, 1, 'allows 2 to 4'],
  ])('%j for %i is refused', (changed, asked, said) => {
    expect(refusal(() => planScaling(serviceLook(changed), asked))).toMatchObject({
      type: 'CannotScale',
      message: expect.stringContaining(said),
    });
  });
});

test('whatever is there, a plan that is not refused ends with the number asked for and keeps compose’s own', () => {
  const containers = fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { minLength: 1 }).chain((numbers) =>
    fc.tuple(
      ...numbers.map((number) =>
        fc.record({ running: fc.boolean(), answers: fc.boolean(), ours: fc.boolean() }).map((is) =>
          container({
            number,
            running: is.running,
            answers: is.running && is.answers,
            madeBy: is.ours ? 'hermes-ops' : 'compose',
          }),
        ),
      ),
    ),
  );
  fc.assert(
    fc.property(containers, fc.integer({ min: 1, max: 4 }), (there, asked) => {
      const free = Array.from({ length: 10 }, (_, index) => index + 1).filter(
        (number) => !there.some((one) => one.number === number),
      );
      const look = serviceLook({ containers: there, freeNumbers: free });
      const { type } = refusal(() => planScaling(look, asked));
      fc.pre(type === undefined);
      const plan = planScaling(look, asked);
      expect(plan.remove.every(({ madeBy }) => madeBy === 'hermes-ops')).toBe(true);
      expect(plan.staying.length + plan.create.length).toBe(asked);
      expect(plan.staying.some(({ answers }) => answers)).toBe(true);
      expect(plan.staying.some((one) => plan.remove.includes(one))).toBe(false);
      expect(describeScalePlan(look, plan)[0]).toContain(`→ ${asked} container`);
    }),
  );
});

test('replicas that were asked for and are gone are told of, with who asked', () => {
  const look = serviceLook({ asked: { replicas: 3, at: '2026-11-17T02:30:00.000Z', by: 'dana' } });
  expect(describeScalePlan(look, planScaling(look, 2)).at(-1)).toBe(
    'Attention: dana asked for 3 of api at 2026-11-17T02:30Z and 1 are there: somebody, or compose by `up`, took the others away',
  );
});
