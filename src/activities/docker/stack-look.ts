import type { Role } from '../../stack/compose.ts';
import type { StackContainer, StackLook } from '../../procedures/list-services.ts';
import type { StackLookActivities } from '../contract/stack-look.ts';
import { ownerOfLabels, shortRunId } from '../owner.ts';
import { lookWhoIsAsked } from '../proxy/who-is-asked.ts';
import type { Setting } from '../setting.ts';
import { lookAtUse } from './container-use.ts';
import { composePrefix, type Inspected } from './copy/copy-of.ts';
import { formerOf, unfinishedOf } from './copy/names.ts';
import { healthOf } from './health.ts';
import { engineLimitsOf, limitsOf } from './limits-change.ts';
import { oomKillsIn } from './oom-kills.ts';
import { roles } from './roles.ts';
import { readServiceRecord } from './service-record.ts';
import { isServing } from './serving.ts';
import { containersWith, nameOf, numberOf, serviceLabel, stepLabel } from './standing.ts';

/** CPU is what was used between two looks. */
const sample = { looks: 2, intervalMs: 1_000 };
/** For a run that nobody can be asked about by its own id. */
const goingOn = 'ExecutionStatus = "Running"';

/** The activity behind the list of services. */
export function createStackLookActivities(setting: Setting): StackLookActivities {
  return { lookAtStack: () => lookAtStack(setting) };
}

async function lookAtStack(setting: Setting): Promise<StackLook> {
  const found = await everyContainer(setting);
  const [containers, services, { asked, front }] = await Promise.all([
    Promise.all(found.map((info) => lookAtContainer(setting, info))),
    Promise.all(roles.map((role) => stackService(setting, role))),
    lookWhoIsAsked(
      setting,
      found.filter((info) => roleOfContainer(setting, info) === 'api' && kindOf(info) !== 'former'),
    ),
  ]);
  return {
    at: new Date().toISOString(),
    containers: containers.map((one, index) => ({
      ...one,
      image: imageName(found[index], found) ?? one.image,
      asked: asked.get(one.id) ?? null,
    })),
    services,
    front,
  };
}

/** Of the compose project, and of this stack's runs: a copy that carries the traffic has none of compose's labels. */
async function everyContainer(setting: Setting): Promise<Inspected[]> {
  const { stack } = setting;
  const found = await containersWith(setting, 'Looking for the containers', [
    [`${composePrefix}project=${stack.compose.project}`, `${composePrefix}oneoff=False`],
    [`hermes-ops.stack=${stack.stack}`],
  ]);
  return found.sort(byServiceAndNumber);
}

/** A copy is made by digest: people know its image by the name that it has for another container. */
function imageName(info: Inspected | undefined, found: readonly Inspected[]): string | undefined {
  const isDigest = (name: string): boolean => name.startsWith('sha256:');
  if (info === undefined || !isDigest(info.Config.Image)) return info?.Config.Image;
  return found.find(({ Image, Config }) => Image === info.Image && !isDigest(Config.Image))?.Config.Image;
}

function byServiceAndNumber(a: Inspected, b: Inspected): number {
  return (
    // Jobs, which are of no service, come last.
    Number(serviceOf(a) === '') - Number(serviceOf(b) === '') ||
    serviceOf(a).localeCompare(serviceOf(b)) ||
    numberOf(a) - numberOf(b) ||
    nameOf(a).localeCompare(nameOf(b))
  );
}

async function lookAtContainer(setting: Setting, info: Inspected): Promise<StackContainer> {
  const { State, Config, HostConfig } = info;
  const runs = State.Running && !State.Paused;
  const role = roleOfContainer(setting, info);
  const kind = kindOf(info);
  const [use, oomKills, answers, run] = await Promise.all([
    State.Running ? lookAtUse(setting.docker, info.Id, sample) : null,
    runs ? oomKillsIn(setting, info.Id) : null,
    runs && role !== undefined ? isServing(setting, role, info) : null,
    runOf(setting, info),
  ]);
  const limits = limitsOf(engineLimitsOf(info));
  return {
    id: info.Id,
    service: serviceOf(info),
    name: nameOf(info),
    image: Config.Image,
    kind,
    run,
    state: State.Status,
    exitCode: State.ExitCode,
    startedAt: timeOf(State.StartedAt),
    finishedAt: timeOf(State.FinishedAt),
    restarts: info.RestartCount,
    comesBack: !['', 'no'].includes(HostConfig.RestartPolicy?.Name ?? ''),
    health: State.Running ? healthOf(State.Health, timingOf(info)) : null,
    answers,
    asked: null,
    cpus: use?.cpus ?? null,
    memoryBytes: use?.memoryBytes ?? null,
    cpuLimit: limits.cpus,
    memoryLimitBytes: limits.memoryBytes,
    endedByMemory: State.OOMKilled && !State.Running,
    oomKills,
    configHash: Config.Labels[`${composePrefix}config-hash`] ?? '',
  };
}

function serviceOf({ Config: { Labels } }: Inspected): string {
  return Labels[`${composePrefix}service`] ?? Labels[serviceLabel] ?? '';
}

function roleOfContainer({ stack }: Setting, info: Inspected): Role | undefined {
  return roles.find((role) => stack.compose.services[role].service === serviceOf(info));
}

function kindOf(info: Inspected): StackContainer['kind'] {
  const unfinished = unfinishedOf(nameOf(info));
  if (formerOf(nameOf(info)) !== undefined) return 'former';
  if (unfinished !== undefined) return unfinished.step === 'bridge' ? 'bridge' : 'unfinished';
  if (info.Config.Labels[stepLabel] === 'replica') return 'replica';
  return ownerOfLabels(info.Config.Labels) === undefined ? 'compose' : 'job';
}

/** The run that a container is of, by its labels; by its name where it has the labels of what it stands in for. */
async function runOf(setting: Setting, info: Inspected): Promise<StackContainer['run']> {
  const owner = ownerOfLabels(info.Config.Labels);
  if (owner !== undefined) {
    const { workflowId, procedure } = owner;
    return { workflowId, procedure, goesOn: await setting.isAlive(owner) };
  }
  const short = formerOf(nameOf(info))?.run ?? unfinishedOf(nameOf(info))?.run;
  if (short === undefined) return null;
  for await (const { workflowId, runId, type } of setting.client.workflow.list({ query: goingOn })) {
    if (shortRunId(runId) === short) return { workflowId, procedure: type, goesOn: true };
  }
  return { workflowId: '', procedure: '', goesOn: false };
}

async function stackService(setting: Setting, role: Role): Promise<StackLook['services'][number]> {
  const { service } = setting.stack.compose.services[role];
  const { asked } = await readServiceRecord(setting, service);
  return { service, role, asked };
}

function timingOf({ State, Config: { Healthcheck } }: Inspected): Parameters<typeof healthOf>[1] {
  const milliseconds = (nanoseconds: number | undefined): number => (nanoseconds ?? 0) / 1e6;
  return {
    startedAtMs: Date.parse(State.StartedAt),
    intervalMs: milliseconds(Healthcheck?.Interval),
    startPeriodMs: milliseconds(Healthcheck?.StartPeriod),
  };
}

/** The engine writes the year 1 for "never". */
function timeOf(text: string): string {
  return Date.parse(text) > 0 ? text : '';
}
