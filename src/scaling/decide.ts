/** How autoscaling decides: as Kubernetes' does, by proportion, tolerance and stabilisation windows. Pure. */

export const metricNames = ['cpu', 'latencyP95Ms'] as const;
export type MetricName = (typeof metricNames)[number];

export interface ScalingTargets {
  minimum: number;
  maximum: number;
  /** Beyond so many a person is asked. */
  askAbove: number;
  /** A value this near to its target changes nothing: 0.1 is 10 %. */
  tolerance: number;
  scaleOutAfterMs: number;
  scaleInAfterMs: number;
  /** CPU as a share of what one container may use; latency in ms. What is left out is not looked at. */
  targets: { [metric in MetricName]?: number };
}

export interface LoadLook {
  atMs: number;
  /** Containers that run now. */
  replicas: number;
  /** Null where it could not be measured. */
  values: { [metric in MetricName]: number | null };
}

/** How many containers one look alone would have. */
export interface Recommendation {
  atMs: number;
  replicas: number;
}

export interface Decision {
  /** How many there shall be; as many as there are for "leave it". */
  replicas: number;
  /** A person is asked first. */
  asks: boolean;
  /** One sentence for the record. */
  reason: string;
  /** To be handed to the next decision. */
  recommendations: Recommendation[];
}

/** After so long without a look, the windows begin anew: nobody knows what was in between. */
const longestGapMs = 5 * 60_000;
/** CPUs that are used less than this share of their target are idle: more of them make nothing faster. */
const idleShare = 0.5;

/**
 * Decides on one look and those before it. It scales out when every look of `scaleOutAfterMs` wanted more, to the least
 * of what they wanted; in when every look of `scaleInAfterMs` wanted fewer, to the most. The first look, or one after a
 * long gap, counts as "leave it". `held` says until when no more than `askAbove` are wanted, since a person said no.
 */
export function decide(
  policy: ScalingTargets,
  look: LoadLook,
  before: readonly Recommendation[],
  held = false,
): Decision {
  const { atMs, replicas } = look;
  const { wanted, because } = wantedBy(policy, look);
  const recommendations = [...remembered(policy, look, before), { atMs, replicas: wanted }];
  const within = (windowMs: number): number[] =>
    recommendations.filter((one) => one.atMs >= atMs - windowMs).map((one) => one.replicas);
  const most = Math.max(...within(policy.scaleInAfterMs));
  const least = Math.min(...within(policy.scaleOutAfterMs));
  const settled = clamp(replicas < least ? least : replicas > most ? most : replicas, policy);
  const asked = askFirst(policy, replicas, settled, held);
  return {
    replicas: asked,
    asks: asked > replicas && asked > policy.askAbove,
    reason: reasonOf(replicas, asked, settled, wanted, because),
    recommendations,
  };
}

/** What this look alone wants: the most that one of the metrics wants. */
function wantedBy(policy: ScalingTargets, look: LoadLook): { wanted: number; because: string } {
  const wishes = metricNames.flatMap((metric) => {
    const target = policy.targets[metric];
    return target === undefined ? [] : [wish(policy, look, metric, target)];
  });
  const because = wishes.map(({ text }) => text).join(', ') || 'no metric has a target';
  const known = wishes.flatMap(({ replicas }) => (replicas === null ? [] : [replicas]));
  if (known.length === 0) return { wanted: look.replicas, because };
  const most = Math.max(...known);
  // What could not be measured may be what needs all of them.
  const wanted = known.length === wishes.length ? most : Math.max(most, look.replicas);
  return { wanted: clamp(wanted, policy), because };
}

function wish(
  { tolerance, targets }: ScalingTargets,
  { replicas, values }: LoadLook,
  metric: MetricName,
  target: number,
): { replicas: number | null; text: string } {
  const value = values[metric];
  const text = `${spoken(metric, value)} (target ${spoken(metric, target)})`;
  if (value === null || replicas === 0) return { replicas: null, text };
  const ratio = value / target;
  if (Math.abs(ratio - 1) <= tolerance) return { replicas, text };
  const proportional = Math.ceil(Number((replicas * ratio).toFixed(6)));
  const { cpu: cpuTarget } = targets;
  const idle = cpuTarget !== undefined && values.cpu !== null && values.cpu < cpuTarget * idleShare;
  if (metric === 'latencyP95Ms' && idle && proportional > replicas)
    return { replicas, text: `${text}, but its CPUs are idle: more containers would not help` };
  return { replicas: proportional, text };
}

/** The looks before that still count. */
function remembered(
  { scaleOutAfterMs, scaleInAfterMs }: ScalingTargets,
  { atMs, replicas }: LoadLook,
  before: readonly Recommendation[],
): Recommendation[] {
  const earlier = before.filter((one) => one.atMs < atMs);
  const last = earlier.at(-1);
  if (last === undefined || atMs - last.atMs > longestGapMs) return [{ atMs, replicas }];
  const sinceMs = atMs - Math.max(scaleOutAfterMs, scaleInAfterMs);
  return earlier.filter((one) => one.atMs >= sinceMs);
}

/** As far as nobody has to be asked at once; beyond that, by asking, unless that was refused just now. */
function askFirst({ askAbove }: ScalingTargets, replicas: number, wanted: number, held: boolean): number {
  if (wanted <= replicas || wanted <= askAbove) return wanted;
  if (replicas < askAbove) return askAbove;
  return held ? replicas : wanted;
}

function clamp(replicas: number, { minimum, maximum }: { minimum: number; maximum: number }): number {
  return Math.min(Math.max(replicas, minimum), maximum);
}

function reasonOf(replicas: number, asked: number, settled: number, wanted: number, because: string): string {
  if (asked !== replicas) return `${because}: ${replicas} → ${asked}`;
  if (settled !== replicas) return `${because}: ${settled} are wanted, and that was refused not long ago`;
  if (wanted === replicas) return `${because}: ${replicas} it stays`;
  return `${because}: this look wants ${wanted}, not yet every look of the window`;
}

function spoken(metric: MetricName, value: number | null): string {
  if (metric === 'cpu') return value === null ? 'CPU unknown' : `CPU ${Math.round(value * 100)} %`;
  return value === null ? 'p95 unknown' : `p95 ${Math.round(value)} ms`;
}
