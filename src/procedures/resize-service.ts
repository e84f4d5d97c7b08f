import * as v from 'valibot';
import { serviceName } from '../stack/names.ts';
import { commonFields, defineProcedure } from './definition.ts';

const unitBytes: Record<string, number> = { m: 1024 ** 2, g: 1024 ** 3 };
const memoryExpected = 'a size such as 512MiB or 2GiB (or, as compose has it, 512M or 2G)';
/** The engine's own. */
const leastBytes = 6 * 1024 ** 2;
const mostBytes = 1024 * 1024 ** 3;
const cpusExpected = 'a number from 0.1 to 512';

/** Bytes of `512MiB`, `2GiB`, and of compose's `512M`, `2g`, which mean the same; undefined for anything else. */
export function parseMemory(text: string): number | undefined {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)\s*([mg])(?:i?b)?$/i.exec(text.trim()) ?? [];
  const factor = unitBytes[unit.toLowerCase()];
  return amount === undefined || factor === undefined ? undefined : Math.round(Number(amount) * factor);
}

const memory = v.pipe(
  v.string(memoryExpected),
  v.description('The most memory that one container may use, such as 2GiB.'),
  v.rawTransform(({ dataset: { value }, addIssue, NEVER }) => {
    const sizeBytes = parseMemory(value);
    if (sizeBytes !== undefined && sizeBytes >= leastBytes && sizeBytes <= mostBytes) return sizeBytes;
    addIssue({ message: sizeBytes === undefined ? memoryExpected : 'a size from 6MiB to 1024GiB' });
    return NEVER;
  }),
);

export const resizeServiceProcedure = defineProcedure({
  workflowType: 'resizeService',
  command: 'resize-service',
  title: 'Give a service more or less CPU and memory',
  runbook: 'Scaling Operations',
  summary:
    'Sets the limits of a service’s running containers, without a restart, after a look at what they use and what the host has.',
  changes: true,
  schema: v.pipe(
    v.strictObject({
      ...commonFields,
      service: v.pipe(serviceName, v.description('The service as the compose file names it, such as api.')),
      cpus: v.optional(
        v.pipe(
          v.number(cpusExpected),
          v.minValue(0.1, cpusExpected),
          v.maxValue(512, cpusExpected),
          v.description('The most CPUs that one container may use, such as 1.5.'),
        ),
      ),
      memory: v.optional(memory),
    }),
    v.check(
      (input) => input.cpus !== undefined || input.memory !== undefined,
      'expected `cpus`, `memory` or both',
    ),
  ),
  example: { service: 'api', cpus: 2, memory: '4GiB', by: 'chris' },
});
