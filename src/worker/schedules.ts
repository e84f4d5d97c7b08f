import {
  type Client,
  ScheduleAlreadyRunning,
  type ScheduleOptions,
  ScheduleOverlapPolicy,
} from '@temporalio/client';
import type { ProcedureDefinition } from '../procedures/definition.ts';
import { procedures } from '../procedures/index.ts';
import type { Stack } from '../stack/schema.ts';

type Schedule = Stack['schedules'][keyof Stack['schedules']];

/** Every minute, and never late: a look of before is worth nothing. */
const everyMinute = { cron: '* * * * *', timezone: 'UTC', jitterMs: 0, catchUpMs: 10_000 };

/**
 * Makes Temporal's schedules what the stack file says, one a procedure. What a person paused in the Web UI stays
 * paused; what the file turns off is paused. Returns a line for each, for the log.
 */
export async function applySchedules(client: Client, stack: Stack): Promise<string[]> {
  const lines: string[] = [];
  const schedules: Record<string, Schedule> = {
    ...stack.schedules,
    autoscale: { ...everyMinute, enabled: stack.autoscaling.enabled },
  };
  for (const [command, schedule] of Object.entries(schedules)) {
    const definition = procedures.find((procedure) => procedure.command === command);
    if (definition === undefined) continue;
    await applySchedule(client, scheduleOptions(stack, definition, schedule));
    lines.push(`${command} ${schedule.enabled ? `at ${schedule.cron} ${schedule.timezone}` : 'off'}`);
  }
  return lines;
}

async function applySchedule(client: Client, options: ScheduleOptions): Promise<void> {
  try {
    await client.schedule.create(options);
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule.getHandle(options.scheduleId).update(({ state }) => ({
      ...options,
      state: { ...state, ...(options.state?.paused === true ? { paused: true } : {}) },
    }));
  }
}

function scheduleOptions(
  { stack, temporal }: Stack,
  definition: ProcedureDefinition,
  { enabled, cron, timezone, jitterMs, catchUpMs }: Schedule,
): ScheduleOptions {
  const { command, workflowType, title, scheduledInput = {} } = definition;
  return {
    scheduleId: `${stack}/${command}`,
    spec: { cronExpressions: [cron], timezone, jitter: jitterMs },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: catchUpMs },
    state: { paused: !enabled, note: enabled ? 'From the stack file.' : 'Off in the stack file.' },
    action: {
      type: 'startWorkflow',
      workflowType,
      // Temporal adds the time to it.
      workflowId: `${command}-scheduled-${stack}`,
      taskQueue: temporal.taskQueue,
      args: [{ by: 'the schedule', reason: 'scheduled', onBusy: 'queue', ...scheduledInput }],
      staticSummary: `${title}, by the schedule`,
    },
  };
}
