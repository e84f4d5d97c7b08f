import type { LoadLook, ScalingTargets } from '../../scaling/decide.ts';

/** What the activity on the load of the autoscaled service takes and gives. */

export interface Load {
  enabled: boolean;
  service: string;
  targets: ScalingTargets;
  look: LoadLook;
}

export interface LoadActivities {
  /**
   * Looks for some seconds at the CPU of every container of the service that the stack file has scaled, and measures
   * the latency of voice sessions through the proxy where that has a target. Throws UnknownService. Changes nothing.
   */
  lookAtLoad(): Promise<Load>;
}
