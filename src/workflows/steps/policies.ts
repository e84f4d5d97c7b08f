import { ActivityCancellationType, type ActivityOptions } from '@temporalio/workflow';

/**
 * Timeouts and retries, named by what a step is for. Every activity heartbeats by itself once a second, so a dead
 * worker is noticed within `heartbeat`, however long the step may take.
 */
const heartbeat = '6s';
const patient = { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '10s' } as const;
/** A quarter of an hour of an outside system's absence; a step of hours must not try for hours. */
const persistent = { ...patient, maximumAttempts: 100 } as const;

/** Reads something and answers within seconds. Gives up after a quarter of an hour of an outside system's absence. */
export const quickLook: ActivityOptions = {
  startToCloseTimeout: '1m',
  scheduleToCloseTimeout: '15m',
  heartbeatTimeout: heartbeat,
  retry: patient,
};

/** Reads something for a person who waits for it: that a system is away is the answer, and soon. */
export const promptLook: ActivityOptions = {
  startToCloseTimeout: '30s',
  scheduleToCloseTimeout: '45s',
  heartbeatTimeout: heartbeat,
  retry: { ...patient, maximumAttempts: 3 },
};

/** Reads for as long as a large archive takes. */
export const longRead: ActivityOptions = {
  startToCloseTimeout: '12h',
  scheduleToCloseTimeout: '24h',
  heartbeatTimeout: heartbeat,
  retry: persistent,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
};

/** Changes something and is done within minutes. A cancelled change is waited for: its way back must not race it. */
export const shortChange: ActivityOptions = {
  startToCloseTimeout: '10m',
  scheduleToCloseTimeout: '30m',
  heartbeatTimeout: heartbeat,
  retry: patient,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
};

/** A dump, a restore: a job container that outlives the worker. */
export const longChange: ActivityOptions = {
  startToCloseTimeout: '24h',
  scheduleToCloseTimeout: '48h',
  heartbeatTimeout: heartbeat,
  retry: persistent,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
};

/** Customers are locked out while it runs: over within minutes, and not tried again and again. */
export const outage: ActivityOptions = {
  ...shortChange,
  startToCloseTimeout: '15m',
  scheduleToCloseTimeout: '1h',
  retry: { ...patient, maximumAttempts: 10 },
};

/** Tells people or files a record. Worth some attempts, never worth stopping the procedure for. */
export const tell: ActivityOptions = {
  startToCloseTimeout: '30s',
  heartbeatTimeout: heartbeat,
  retry: { ...patient, maximumAttempts: 5 },
};

/** How long a procedure that queues for a resource sleeps between two looks. */
export const queueIntervalMs = 5_000;
