import type { LoadLook, ScalingTargets } from '../../scaling/decide.ts';
import type { Load, LoadActivities } from '../contract/load.ts';
import { roleOf } from '../docker/roles.ts';
import { partsOf } from '../docker/standing.ts';
import type { Setting } from '../setting.ts';
import { meanCpuShare } from './cpu-share.ts';
import { measureLatencyP95Ms } from './latency.ts';

/** The activity that autoscaling looks by. */
export function createLoadActivities(setting: Setting): LoadActivities {
  return { lookAtLoad: () => lookAtLoad(setting) };
}

async function lookAtLoad(setting: Setting): Promise<Load> {
  const { autoscaling, compose } = setting.stack;
  const { enabled, service, ...given } = autoscaling;
  const role = roleOf(setting, service);
  const { maximum } = compose.services[role].replicas;
  // What a person may not ask for, autoscaling may not either.
  const targets: ScalingTargets = {
    ...given,
    maximum: Math.min(given.maximum, maximum),
    minimum: Math.min(given.minimum, maximum),
    targets: definedTargets(given.targets),
  };
  const { standing } = await partsOf(setting, role);
  const running = standing.filter(({ State }) => State.Running);
  const [cpu, latencyP95Ms] = await Promise.all([
    meanCpuShare(setting, running),
    targets.targets.latencyP95Ms === undefined ? null : measureLatencyP95Ms(setting),
  ]);
  const look: LoadLook = { atMs: Date.now(), replicas: running.length, values: { cpu, latencyP95Ms } };
  return { enabled, service, targets, look };
}

function definedTargets({
  cpu,
  latencyP95Ms,
}: {
  cpu?: number | undefined;
  latencyP95Ms?: number | undefined;
}): ScalingTargets['targets'] {
  return {
    ...(cpu === undefined ? {} : { cpu }),
    ...(latencyP95Ms === undefined ? {} : { latencyP95Ms }),
  };
}
