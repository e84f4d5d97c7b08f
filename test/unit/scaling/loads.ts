import {
  decide,
  type LoadLook,
  type Recommendation,
  type ScalingTargets,
} from '../../../src/scaling/decide.ts';

export const minuteMs = 60_000;
export const policy: ScalingTargets = {
  minimum: 1,
  maximum: 6,
  askAbove: 6,
  tolerance: 0.1,
  scaleOutAfterMs: 3 * minuteMs,
  scaleInAfterMs: 10 * minuteMs,
  targets: { cpu: 0.6 },
};

export const look = (
  minute: number,
  replicas: number,
  cpu: number | null,
  latencyP95Ms: number | null = null,
): LoadLook => ({
  atMs: minute * minuteMs,
  replicas,
  values: { cpu, latencyP95Ms },
});

export interface Change {
  minute: number;
  from: number;
  to: number;
}

/** Lives through a load (CPUs that are needed, minute by minute), doing at once what is decided. */
export function live(
  load: readonly number[],
  given: ScalingTargets = policy,
  start = 1,
): { changes: Change[]; replicas: number[] } {
  let now = start;
  let memory: Recommendation[] = [];
  const changes: Change[] = [];
  const replicas = load.map((cpus, minute) => {
    // A container cannot use more than all of what it may.
    const decision = decide(given, look(minute, now, Math.min(1, cpus / now)), memory);
    memory = decision.recommendations;
    if (decision.replicas !== now) changes.push({ minute, from: now, to: decision.replicas });
    now = decision.replicas;
    return now;
  });
  return { changes, replicas };
}

/** Pairs of changes in opposite directions that come sooner than the second's own window allows. */
export function flaps(
  changes: readonly Change[],
  { scaleOutAfterMs, scaleInAfterMs }: ScalingTargets,
): Change[] {
  return changes.filter(({ minute, from, to }, index) => {
    const previous = changes[index - 1];
    if (previous === undefined || to > from === previous.to > previous.from) return false;
    return (minute - previous.minute) * minuteMs <= (to > from ? scaleOutAfterMs : scaleInAfterMs);
  });
}
