import * as v from 'valibot';
import { commonFields, defineProcedure } from './definition.ts';

export const listServicesProcedure = defineProcedure({
  workflowType: 'listServices',
  command: 'list-services',
  title: 'List the services',
  runbook: 'Reference Commands, Docker Commands',
  summary:
    'Shows each container of the stack: whether it runs, its health, what it uses of its limits, whether nginx asks it.',
  changes: false,
  schema: v.strictObject({ ...commonFields }),
  example: {},
});

const health = v.object({
  /** Docker's own word: `starting`, `healthy` or `unhealthy`. */
  status: v.string(),
  /** ISO time of the first check with this result; null where none was made yet. */
  since: v.nullable(v.string()),
  /** `since` is only the oldest check that Docker still knows: it may be so for longer. */
  orLonger: v.boolean(),
  /** No check has passed since the container was started. */
  neverPassed: v.boolean(),
  /** The last line that the last check wrote, where that one failed. */
  said: v.string(),
});

const run = v.object({ workflowId: v.string(), procedure: v.string(), goesOn: v.boolean() });

const container = v.object({
  id: v.string(),
  /** Compose's name of its service; empty for a job of hermes-ops. */
  service: v.string(),
  name: v.string(),
  /** As it was asked for: name and tag. */
  image: v.string(),
  /** Who made it, and what for: `former` is kept until what replaced it is trusted. */
  kind: v.picklist(['compose', 'replica', 'bridge', 'unfinished', 'former', 'job']),
  /** The run that made it; null for compose's. */
  run: v.nullable(run),
  /** Docker's own word: `running`, `restarting`, `exited`, `paused`, `created` or `dead`. */
  state: v.string(),
  exitCode: v.number(),
  /** ISO times; empty where it never started, or never ended. */
  startedAt: v.string(),
  finishedAt: v.string(),
  /** Restarts by Docker since somebody last started it. */
  restarts: v.number(),
  /** Docker starts it again when it ends. */
  comesBack: v.boolean(),
  health: v.nullable(health),
  /** It answers by itself at this moment; null where nobody asked. */
  answers: v.nullable(v.boolean()),
  /** nginx sent it requests at this moment; null where nginx has nothing to do with it, or could not be seen. */
  asked: v.nullable(v.boolean()),
  /** Null where it does not run. */
  cpus: v.nullable(v.number()),
  memoryBytes: v.nullable(v.number()),
  /** Null is no limit. */
  cpuLimit: v.nullable(v.number()),
  memoryLimitBytes: v.nullable(v.number()),
  /** Its end was the memory limit's doing. */
  endedByMemory: v.boolean(),
  /** Processes that were killed for want of memory since its start; null where it cannot be seen. */
  oomKills: v.nullable(v.number()),
  /** Compose's hash of what its file said; empty where there is none. */
  configHash: v.string(),
});

const stackService = v.object({
  service: v.string(),
  role: v.string(),
  /** How many containers were asked for last; null where nobody did. */
  asked: v.nullable(v.object({ replicas: v.number(), at: v.string(), by: v.string() })),
});

/** Requests for the health page, sent through nginx as customers send theirs; null where no nginx runs. */
const front = v.nullable(
  v.object({
    requests: v.number(),
    failed: v.number(),
    path: v.string(),
    failure: v.string(),
    /** Addresses that nginx asks in vain, where no container of the service is. */
    inVain: v.array(v.string()),
  }),
);

/** How the stack stands, as the activity sees it. */
export const stackLook = v.object({
  /** ISO time of the look. */
  at: v.string(),
  containers: v.array(container),
  /** Those of the stack file. */
  services: v.array(stackService),
  front,
});

/** What an on-call engineer must know of it. */
const finding = v.object({
  /** Something does not run or serve; without it, it is only good to know. */
  trouble: v.boolean(),
  /** A container's or a service's name. */
  about: v.string(),
  text: v.string(),
});

/** The report: the look, and what follows from it. */
export const servicesReport = v.object({ ...stackLook.entries, findings: v.array(finding) });

export type StackLook = v.InferOutput<typeof stackLook>;
export type StackContainer = StackLook['containers'][number];
export type ContainerHealth = NonNullable<StackContainer['health']>;
export type Finding = v.InferOutput<typeof finding>;
export type ServicesReport = v.InferOutput<typeof servicesReport>;
