import { Context } from '@temporalio/activity';
import type { CertificatesActivities, Obtained } from '../contract/certificates.ts';
import { removeJob } from '../docker/job-container.ts';
import { currentOwner } from '../owner.ts';
import type { Setting } from '../setting.ts';
import { obtainStep } from './certbot-job.ts';
import { isObtained, obtainCertificate } from './obtain.ts';
import { configuredPair } from './place.ts';
import { endTurn, stopProxyFor, type StoppedContainer, type Turn } from './stopped-proxy.ts';

/** An order takes seconds. Customers are not locked out for longer than this for one that hangs. */
const longestOutageMs = 5 * 60_000;

type Request = Parameters<CertificatesActivities['obtainWithoutProxy']>[0];

/**
 * Stops nginx, orders, and starts nginx again: whatever comes of the order, also when the run is cancelled or terminated
 * meanwhile, or the worker is told to stop. After a worker that died the next attempt goes on where it was.
 */
export async function obtainWithoutProxy(
  setting: Setting,
  request: Request,
  outageMs = longestOutageMs,
): Promise<Obtained> {
  const pair = configuredPair(setting, request.certificateFile);
  const turn = currentTurn(setting);
  let stopped: StoppedContainer[] = [];
  const start = (): Promise<void> =>
    endTurn(setting, turn, stopped, () => removeJob(setting, obtainStep(pair)));
  let obtained: Obtained;
  try {
    if (!(await isObtained(setting, request))) stopped = await stopProxyFor(setting, turn);
    obtained = await obtainCertificate(setting, request, { deadlineMs: Date.now() + outageMs });
  } catch (error) {
    // The first failure is the one to tell; where nginx could not be started the run's way back does it.
    await start().catch(() => undefined);
    throw error;
  }
  await start();
  return obtained;
}

function currentTurn(setting: Setting): Turn {
  const { activityId, attempt } = Context.current().info;
  const { stack, workflowId, runId } = currentOwner(setting.stack.stack);
  return { stack, workflowId, runId, activityId, attempt };
}
