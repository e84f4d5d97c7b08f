import { composePrefix } from './copy-of.ts';

/** The name that this compose version gives a container: 1 joins by underscores, 2 by dashes. */
export function replicaName(labels: Record<string, string>, number: number): string {
  const label = (name: string): string => labels[`${composePrefix}${name}`] ?? '';
  const joint = label('version').startsWith('1.') ? '_' : '-';
  return [label('project'), label('service'), String(number)].join(joint);
}

/** The name of a copy that a run has not finished: it gets its own when the run is done with it. */
export function unfinishedName(stack: string, service: string, step: string, run: string): string {
  return `hermes-ops-${stack}-${service}-${step}-${run}`;
}

/** The step and the short run id in the name of an unfinished copy. */
export function unfinishedOf(name: string): { step: string; run: string } | undefined {
  const [, step, run] = /^hermes-ops-.+-(bridge|replica-\d+|next)-([0-9a-f]{8})$/.exec(name) ?? [];
  return step === undefined || run === undefined ? undefined : { step, run };
}

/** The name of the container that a run has replaced, until it is sure of the new one. */
export function formerName(name: string, run: string): string {
  return `${name}.before-${run}`;
}

/** Whose place a container had that is kept, and which run replaced it. */
export function formerOf(name: string): { name: string; run: string } | undefined {
  const [, before, run] = /^(.+)\.before-([0-9a-f]{8})$/.exec(name) ?? [];
  return before === undefined || run === undefined ? undefined : { name: before, run };
}
