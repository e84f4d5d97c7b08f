import colors from 'picocolors';
import type { Finding, ServicesReport, StackContainer } from '../procedures/list-services.ts';
import { type Column, renderColumns } from './columns.ts';

const widest = 100;
const columns: Column[] = [
  { head: ['service', ''], mayBeCut: true },
  { head: ['container', 'image'], mayBeCut: true },
  { head: ['state', 'health'] },
  { head: ['up since', 'restarts'] },
  { head: ['CPU', 'memory'] },
  { head: ['nginx', 'made by'] },
];

/** Each container in two lines, and below the table what is in trouble and what else is to be known. */
export function renderServices({ at, containers, findings }: ServicesReport): string {
  const rows = containers.map((container) => cellsOf(container, at));
  const [head = '', under = '', ...lines] = renderColumns(columns, rows, widest);
  return [
    colors.bold(head),
    colors.bold(under),
    ...lines.map((line, index) => (index % 2 === 1 ? colors.dim(line) : line)),
    ...(findings.length === 0 ? [] : ['', ...findings.map(renderFinding)]),
  ].join('\n');
}

function renderFinding({ trouble, about, text }: Finding): string {
  return `${trouble ? colors.red(`${about}:`) : `${about}:`} ${text}`;
}

function cellsOf(container: StackContainer, at: string): string[][] {
  const { service, name, image, startedAt, restarts, state } = container;
  const isUp = state === 'running' || state === 'paused';
  return [
    [service, ''],
    [name, image],
    [stateOf(container), healthOf(container, at)],
    [isUp ? shortTime(startedAt, at) : '', `${restarts} ${restarts === 1 ? 'restart' : 'restarts'}`],
    [cpuOf(container), memoryOf(container)],
    [container.asked === null ? '' : container.asked ? 'asks it' : 'does not', kinds[container.kind]],
  ];
}

const kinds: Record<StackContainer['kind'], string> = {
  compose: 'compose',
  replica: 'replica',
  bridge: 'bridge',
  unfinished: 'copy',
  former: 'replaced',
  job: 'job',
};

function stateOf({ state, exitCode, answers }: StackContainer): string {
  if (state === 'exited' || state === 'dead') return `${state} with ${exitCode}`;
  if (state === 'restarting') return `restarting after ${exitCode}`;
  return answers === false ? `${state}, no answer` : state;
}

/** For one that does not run, since when. */
function healthOf({ state, health, finishedAt, endedByMemory }: StackContainer, at: string): string {
  if (state !== 'running' && state !== 'paused')
    return `${finishedAt === '' ? '' : `since ${shortTime(finishedAt, at)}`}${endedByMemory ? ', memory' : ''}`;
  if (health === null) return '';
  if (health.since === null) return health.status;
  const forMs = Date.parse(at) - Date.parse(health.since);
  return `${health.status} ${health.orLonger ? '>' : ''}${span(Math.max(0, forMs))}`;
}

function cpuOf({ cpus, cpuLimit }: StackContainer): string {
  if (cpus === null) return '';
  const used = cpus > 0 && cpus < 0.01 ? '<0.01' : String(Number(cpus.toFixed(2)));
  return `${used}${cpuLimit === null ? '' : ` of ${Number(cpuLimit.toFixed(2))}`} CPUs`;
}

function memoryOf({ memoryBytes, memoryLimitBytes }: StackContainer): string {
  if (memoryBytes === null) return '';
  return `${size(memoryBytes)}${memoryLimitBytes === null ? '' : ` of ${size(memoryLimitBytes)}`}`;
}

/** `312 MiB`, `1.5 GiB`. */
function size(sizeBytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = sizeBytes;
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit += 1) value /= 1024;
  return `${Number(value.toFixed(value < 10 ? 1 : 0))} ${units[unit]}`;
}

/** `40 s`, `12 min`, `5 h`, `3 d`. */
function span(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** The time, with its day where that is another one. */
function shortTime(iso: string, at: string): string {
  const day = iso.slice(0, 10) === at.slice(0, 10) ? '' : `${iso.slice(5, 10)} `;
  return `${day}${iso.slice(11, 16)}Z`;
}
