import type { Client } from '@temporalio/client';
import Docker from 'dockerode';
import { isAlive } from '../activities/runs/alive.ts';
import type { Setting } from '../activities/setting.ts';
import type { Environment } from '../environment.ts';
import type { Stack } from '../stack/schema.ts';
import { resolveSecret } from '../stack/secrets.ts';
import { secretReader } from './secrets.ts';

/** What the activities work with: the stack, Docker as DOCKER_HOST says, and the secrets where the stack file says. */
export function createSetting(environment: Environment, stack: Stack, client: Client): Setting {
  const reader = secretReader(environment);
  return {
    stack,
    docker: new Docker(),
    secret: (reference) => resolveSecret(reference, reader),
    stateDirectory: environment.stateDirectory,
    client,
    isAlive: (run) => isAlive(client, run),
  };
}
