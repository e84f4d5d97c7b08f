/** What the service activities take and give: the api as customers reach it. */

export interface SmokeTest {
  checks: { name: string; status: number; durationMs: number; detail: string }[];
}

export interface Reconnection {
  reconnected: boolean;
  /** Milliseconds until the api answered from the database again. */
  afterMs: number;
}

export interface ServiceActivities {
  /** Waits until the api answers from its database again; `reconnected: false` when it does not within `withinMs`. */
  awaitReconnection(request: { withinMs: number }): Promise<Reconnection>;
  /** Asks `/health/detailed` and starts a voice session through the proxy. Throws SmokeTestFailed. */
  smokeTest(): Promise<SmokeTest>;
}

export interface ContainerActivities {
  /** Restarts the api's containers one after another and waits until they run; only containers started before `before`. */
  restartApi(request: { before: string }): Promise<{ restarted: string[] }>;
  /** Stops the api's containers, each with its own grace period. Stopped already is success. */
  stopApi(): Promise<{ stopped: string[] }>;
  /** Starts the api's containers and waits until they run. Started already is success. */
  startApi(): Promise<{ started: string[] }>;
  /** Removes job containers of runs that are no longer alive. */
  sweepJobContainers(): Promise<{ removed: string[] }>;
}
