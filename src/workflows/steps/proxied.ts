import { proxyActivities } from '@temporalio/workflow';
import type {
  Drained,
  ServiceContainerActivities,
  ServiceLook,
  Settled,
} from '../../activities/contract/containers.ts';
import type { ProxyActivities, ProxyLook, Reached } from '../../activities/contract/proxy.ts';
import { problem } from '../../problem.ts';
import type { ApprovalName } from '../../stack/people.ts';
import { longRead, quickLook, shortChange } from './policies.ts';
import type { Run } from './run.ts';
import { counted } from './words.ts';

const { lookAtService } = proxyActivities<ServiceContainerActivities>(quickLook);
const { settleService } = proxyActivities<ServiceContainerActivities>(shortChange);
const { drainContainer } = proxyActivities<ServiceContainerActivities>(longRead);
const { lookAtProxy, awaitReached } = proxyActivities<ProxyActivities>(quickLook);

export async function lookAt(run: Run, service: string): Promise<ServiceLook> {
  return run.step(
    `Look at ${service}`,
    () => lookAtService({ service }),
    ({ containers }) =>
      containers.map(({ name, answers }) => `${name} ${answers ? 'answers' : 'does not answer'}`).join(', '),
  );
}

/** How nginx reaches the service; its configuration is checked before anything is changed. */
export async function lookAtNginx(run: Run, service: string): Promise<ProxyLook> {
  return run.step('Check the configuration of nginx', () => lookAtProxy({ service }));
}

/** Throws CannotCopy where nginx cannot be told exactly whom to ask. `next` offers another way. */
export function assertSteerable({ container, unsteerable }: ProxyLook, next: string): void {
  if (unsteerable.length === 0) return;
  throw problem('CannotCopy', {
    what: `${container} cannot be told exactly whom to ask: ${unsteerable.join('; ')}.`,
    state: 'Nothing was changed.',
    next,
  });
}

/** From here on nginx is told what to do: nobody else may. What ended runs left behind is put right first. */
export async function settleBefore(run: Run, service: string): Promise<Settled> {
  if (!run.dryRun) await run.confirmLock(`service/${service}`);
  await run.lock('proxy');
  return run.change(
    'Put right what ended runs left behind',
    () => settleService({ service }),
    ({ done, kept }) => [...done, ...kept].join('; ') || 'nothing',
  );
}

/** The way back of everything that is done with copies. What had to stay is a failure of it, in words. */
export function onFailureSettle(run: Run, service: string): void {
  run.onFailure('Bring back what was, and take the copies away', async () => {
    const { kept } = await settleService({ service });
    if (kept.length > 0) throw problem('ContainerFailed', { what: kept.join('; ') });
  });
}

/** Waits until a container has nothing under way; what outlives the limit is counted and said. */
export async function drain(
  run: Run,
  service: string,
  { id, name }: { id: string; name: string },
): Promise<number> {
  const { left } = await run.step(
    `Wait until nothing is under way in ${name}`,
    () => drainContainer({ service, id }),
    said,
  );
  return left;
}

function said({ waitedMs, left }: Drained): string {
  const after = `after ${(waitedMs / 1000).toFixed(1)} s`;
  return left === 0
    ? `nothing ${after}`
    : `${counted(left, 'connection')} outlived the limit ${after} and will be cut`;
}

/** Each of these is really asked by nginx. */
export async function seeEachAsked(run: Run, service: string, ids: string[]): Promise<Reached> {
  return run.step(
    'See that nginx asks each of them',
    () => awaitReached({ service, ids }),
    ({ names, requests }) => `${names.join(', ')}, within ${counted(requests, 'request')}`,
  );
}

/** Whether the stack file wants a person's word: here nobody is asked unless it says so. */
export function stackFileAsks(run: Run, step: ApprovalName): boolean {
  return run.policy.approvals[step]?.required === true;
}
