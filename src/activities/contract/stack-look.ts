import type { StackLook } from '../../procedures/list-services.ts';

export interface StackLookActivities {
  /**
   * Looks at every container of the compose project, and of this stack's runs, side by side. Throws Unreachable when the
   * engine is away. Changes nothing.
   */
  lookAtStack(): Promise<StackLook>;
}
