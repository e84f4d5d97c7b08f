import type { Finding, StackContainer, StackLook } from '../../procedures/list-services.ts';
import { clockTime } from './clock.ts';
import { vanished } from './scale-plan.ts';
import { counted } from './words.ts';

const killed = 137;
/** So many crashes, the last so short ago, are no accident that is over. */
const mostCrashes = 3;
const settledAfterMs = 120_000;

/** What an on-call engineer must know of how the stack stands: what is in trouble first. Pure. */
export function findingsOf(look: StackLook): Finding[] {
  const findings = [
    ...look.services.flatMap((service) => absent(look, service)),
    ...frontFindings(look),
    ...look.containers.flatMap((container) => [
      ...(isStanding(container) ? standingFindings(look, container) : leftover(container)),
    ]),
    ...look.services.flatMap((service) => takenAway(look, service)),
    ...otherLimits(look),
  ];
  return [...findings.filter(({ trouble }) => trouble), ...findings.filter(({ trouble }) => !trouble)];
}

/** `All 4 containers run.`, or how many do not. */
export function describeStack({ containers }: StackLook, findings: readonly Finding[]): string {
  const standing = containers.filter(isStanding);
  const troubles = findings.filter(({ trouble }) => trouble);
  if (troubles.length === 0) {
    const toKnow = findings.length === 0 ? '' : `; ${counted(findings.length, 'thing')} to know`;
    return `${standing.length === 1 ? 'The one container is' : `All ${standing.length} containers are`} as they should be${toKnow}.`;
  }
  const about = [...new Set(troubles.map((finding) => finding.about))].join(', ');
  return `${standing.filter(({ state }) => state === 'running').length} of ${counted(standing.length, 'container')} run; in trouble: ${about}.`;
}

/** What stands for itself, and not for a run. */
function isStanding({ kind }: StackContainer): boolean {
  return kind === 'compose' || kind === 'replica';
}

function absent({ containers }: StackLook, { service }: StackLook['services'][number]): Finding[] {
  if (containers.some((one) => one.service === service && isStanding(one))) return [];
  const text = 'it is in the stack file and has no container: start it with the compose that made the others';
  return [{ trouble: true, about: service, text }];
}

function frontFindings({ front, services, containers }: StackLook): Finding[] {
  const named = (role: string): string => services.find((one) => one.role === role)?.service ?? role;
  const about = named('proxy');
  if (front === null) return [{ trouble: true, about, text: 'it does not run: customers get no answer' }];
  const { failed, requests, path, failure, inVain } = front;
  const failures = `${failed} of ${counted(requests, 'request')} for ${path} through nginx failed: ${failure}`;
  // With nobody to ask, it asks in vain as a matter of course.
  const serves = containers.some(({ service, answers }) => service === named('api') && answers === true);
  const stale = `it asks ${inVain.join(', ')}, where no container is any more: hermes-ops run rebalance-proxy --service ${named('api')}`;
  return [
    ...(failed > 0 ? [{ trouble: true, about, text: failures }] : []),
    ...(serves && inVain.length > 0 ? [{ trouble: true, about, text: stale }] : []),
  ];
}

function standingFindings(look: StackLook, container: StackContainer): Finding[] {
  const { name: about, state } = container;
  if (state !== 'running') {
    const trouble = !isDoneJob(look, container);
    return trouble ? [{ trouble, about, text: notRunning(container) }] : [];
  }
  return [
    ...crashes(look, container),
    ...silence(container),
    ...unhealthiness(container),
    ...memoryKills(container),
    ...unasked(look, container),
  ];
}

/** A service such as a migration, which does its work and ends well. */
function isDoneJob(
  { services }: StackLook,
  { service, state, exitCode, comesBack }: StackContainer,
): boolean {
  return (
    state === 'exited' && exitCode === 0 && !comesBack && !services.some((one) => one.service === service)
  );
}

function notRunning({ state, exitCode, endedByMemory, finishedAt, restarts }: StackContainer): string {
  const at = finishedAt === '' ? '' : ` at ${clockTime(Date.parse(finishedAt))}`;
  const why = endedByMemory ? ', killed by its memory limit' : exitCode === killed ? ', killed' : '';
  if (state === 'restarting')
    return `it ends and is started again and again, ${counted(restarts, 'time')} so far; last with exit code ${exitCode}${why}${at}`;
  if (state === 'paused') return 'it is paused: it answers nobody. docker unpause wakes it';
  if (state === 'created') return 'it was created and never started';
  return `it ended with exit code ${exitCode}${why}${at}`;
}

/** Between two crashes it runs for a moment. */
function crashes({ at }: StackLook, { name, restarts, startedAt }: StackContainer): Finding[] {
  if (restarts === 0) return [];
  const startedMs = Date.parse(startedAt);
  const trouble = restarts >= mostCrashes && Date.parse(at) - startedMs < settledAfterMs;
  const text = `it ended ${counted(restarts, 'time')} by itself, and Docker started it again, last at ${clockTime(startedMs)}`;
  return [{ trouble, about: name, text }];
}

function silence({ name, answers, startedAt }: StackContainer): Finding[] {
  if (answers !== false) return [];
  const since = clockTime(Date.parse(startedAt));
  return [{ trouble: true, about: name, text: `it runs since ${since} and does not answer` }];
}

/** What Docker has called unhealthy since its start is how its check was made, not news. */
function unhealthiness({ name, health, startedAt }: StackContainer): Finding[] {
  if (health === null || health.status !== 'unhealthy') return [];
  const said = health.said === '' ? '' : `: ${health.said}`;
  const from = (iso: string): string => clockTime(Date.parse(iso));
  if (health.neverPassed) {
    const text = `Docker calls it unhealthy since its start at ${from(startedAt)}: its check has never passed${said}`;
    return [{ trouble: false, about: name, text }];
  }
  const since =
    health.since === null ? '' : ` since ${health.orLonger ? 'before ' : ''}${from(health.since)}`;
  return [{ trouble: true, about: name, text: `unhealthy${since}${said}` }];
}

function memoryKills({ name, oomKills, startedAt }: StackContainer): Finding[] {
  if (oomKills === null || oomKills === 0) return [];
  const text = `${counted(oomKills, 'process', 'processes')} in it killed for want of memory since its start at ${clockTime(Date.parse(startedAt))}`;
  return [{ trouble: false, about: name, text }];
}

function unasked({ containers }: StackLook, { name, service, asked, answers }: StackContainer): Finding[] {
  if (asked !== false || answers !== true) return [];
  const bridge = containers.find((one) => one.kind === 'bridge' && one.asked === true);
  const text =
    bridge === undefined
      ? `it answers, and nginx does not ask it: hermes-ops run rebalance-proxy --service ${service}`
      : `nginx asks ${bridge.name} in its place`;
  return [{ trouble: false, about: name, text }];
}

/** A copy that a run works with is as it should be; one whose run has ended is not. */
function leftover({ name, kind, run, state }: StackContainer): Finding[] {
  if (run === null) return [];
  const of = run.workflowId === '' ? 'a run' : `${run.procedure} (workflow ${run.workflowId})`;
  if (run.goesOn) return [{ trouble: false, about: name, text: `${uses[kind]} of ${of}, which goes on` }];
  const text = `left over: ${uses[kind]} of ${of}, which has ended${state === 'running' ? '; it runs' : ''}. hermes-ops run sweep-leftovers puts it right`;
  return [{ trouble: false, about: name, text }];
}

const uses: Record<StackContainer['kind'], string> = {
  compose: 'a container',
  replica: 'a replica',
  bridge: 'the copy that carries the traffic meanwhile',
  unfinished: 'an unfinished copy',
  former: 'what was replaced, kept for the way back,',
  job: 'a job',
};

/** Compose takes away what its file does not ask for, and nobody is told. */
function takenAway({ containers }: StackLook, service: StackLook['services'][number]): Finding[] {
  const now = containers.filter((one) => one.service === service.service && isStanding(one)).length;
  return vanished(service, now).map((line) => ({
    trouble: false,
    about: service.service,
    text: line.replace(/^Attention: /, ''),
  }));
}

/** By compose's hash two containers come from the same lines of its file: then somebody gave one other limits since. */
function otherLimits({ containers }: StackLook): Finding[] {
  return containers.filter(isStanding).flatMap((container, index, all) => {
    const { configHash, service, name, cpuLimit, memoryLimitBytes } = container;
    const twin = all
      .slice(0, index)
      .find((one) => one.service === service && one.configHash === configHash && configHash !== '');
    if (twin === undefined) return [];
    if (twin.cpuLimit === cpuLimit && twin.memoryLimitBytes === memoryLimitBytes) return [];
    const text = `its limits differ from those of ${twin.name}, which compose made from the same lines`;
    return [{ trouble: false, about: name, text }];
  });
}
