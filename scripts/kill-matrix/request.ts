export const killMatrixProcedures = ['backup', 'restore', 'rollback'] as const;
export type KillMatrixProcedure = (typeof killMatrixProcedures)[number];

/** What the matrix kills, as its command line says; it reaches the tests in environment variables. */
export interface KillMatrixOptions {
  procedures: KillMatrixProcedure[];
  /** `12`, `5-40` and the like, with commas; empty is every event. */
  events: string;
  /** Runs for each event: the first kills at once, the others somewhat later. */
  seeds: number;
  rows: number;
  /** One JSON line a run. */
  resultsFile: string;
}

export interface KillMatrixRequest extends Omit<KillMatrixOptions, 'events'> {
  wantsEvent(this: void, id: number): boolean;
}

const variable = 'HERMES_OPS_KILL_MATRIX';

export function killMatrixVariables(options: KillMatrixOptions): Record<string, string> {
  return { [variable]: JSON.stringify(options) };
}

const taskStarts = 'HERMES_OPS_KILL_AT_TASK_STARTS';

/** For the tests that kill at every step of one run: they kill a worker also when it has only been given a task. */
export const atTaskStarts: Record<string, string> = { [taskStarts]: 'true' };

export function killsAtTaskStarts(variables: NodeJS.ProcessEnv): boolean {
  return variables[taskStarts] === 'true';
}

/** Throws where the tests were not started by the script. */
export function readKillMatrixRequest(variables: NodeJS.ProcessEnv): KillMatrixRequest {
  const text = variables[variable];
  if (text === undefined)
    throw new Error('Start the matrix by its script: node scripts/bootstrap.mjs kill-matrix');
  const { events, ...options }: KillMatrixOptions = JSON.parse(text);
  const ranges = eventRanges(events);
  return {
    ...options,
    wantsEvent: (id) => ranges.length === 0 || ranges.some(([first, last]) => first <= id && id <= last),
  };
}

/** Throws an Error that shows what is expected. */
export function eventRanges(text: string): [first: number, last: number][] {
  return text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
      if (first === undefined || last === undefined || Number(first) > Number(last))
        throw new Error(
          `${part} names no events. Expected numbers and ranges such as 12 or 5-40, with commas.`,
        );
      return [Number(first), Number(last)];
    });
}
