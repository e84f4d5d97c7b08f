import type { WorkflowHandle } from '@temporalio/client';
import type Docker from 'dockerode';

/** The container that a run makes, as soon as it was started. */
export async function madeBy(
  { docker }: { docker: Docker },
  handle: WorkflowHandle,
): Promise<Docker.Container> {
  const { runId } = await handle.describe();
  for (;;) {
    const [made] = await docker.listContainers({
      all: true,
      filters: { label: [`hermes-ops.run=${runId}`] },
    });
    if (made !== undefined && made.State !== 'created') return docker.getContainer(made.Id);
  }
}
