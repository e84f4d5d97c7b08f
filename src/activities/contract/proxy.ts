/** What the activities on the proxy take and give. */

export interface ProxyLook {
  container: string;
  /** The names by which its configuration reaches the service. */
  names: string[];
  /** Why it cannot be told exactly whom to ask; empty when it can. */
  unsteerable: string[];
  /** Addresses that runs of before told it, where they still stand. */
  told: string[];
}

export interface Steered {
  addresses: string[];
  /** From the reload until new workers served. */
  reloadMs: number;
}

export interface Reached {
  names: string[];
  /** Requests that it took. */
  requests: number;
}

export interface ProxyActivities {
  /** Checks the configuration as it is. Throws ProxyRefused with nginx's own words. */
  lookAtProxy(request: { service: string }): Promise<ProxyLook>;
  /** Tells nginx to ask exactly these containers, reloads it, and sees the new workers. */
  steerProxy(request: { service: string; ids: string[] }): Promise<Steered>;
  /** Writes what nginx would be told at its next reload, and does not reload it. */
  pinProxy(request: { service: string; ids: string[] }): Promise<{ addresses: string[] }>;
  /** Takes back all that it was told: it finds the service by Docker's names again. */
  freeProxy(request: { reload: boolean }): Promise<{ reloaded: boolean }>;
  /** Asks through nginx until each of these was asked by it. Throws VerificationFailed, which names those that were not. */
  awaitReached(request: { service: string; ids: string[] }): Promise<Reached>;
}
