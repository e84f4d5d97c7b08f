/** What the certificate activities take and give. Times are ISO texts, UTC; keys never leave an activity. */

export interface CertificateFacts {
  /** SHA-256 of the certificate itself, in hexadecimal. */
  fingerprint: string;
  subject: string;
  issuer: string;
  serial: string;
  names: string[];
  validFrom: string;
  validTo: string;
  /** `ecdsa`, `rsa`, or what else its key is. */
  keyType: string;
}

/** What a new connection to one of the names gets. */
export interface ServedCertificate {
  hostname: string;
  /** Where it was asked: `host:port`. */
  listener: string;
  certificate?: CertificateFacts;
  /** Why a client would not take it: chain, dates or name. Empty when it would. */
  refusal: string;
  /** What was agreed on: `h2`, `http/1.1`, or nothing. */
  protocol: string;
  /** Why there was no handshake. */
  failure?: string;
}

/** A certificate with its key as the stack file names it, and everywhere that it should be. */
export interface PairLook {
  certificateFile: string;
  keyFile: string;
  keyType: 'ecdsa' | 'rsa';
  lineage: string;
  /** What nginx would read now. */
  onDisk?: CertificateFacts;
  /** Why what nginx would read cannot be served. Empty when it can. */
  diskProblem: string;
  /** The fingerprint of what certbot has under that lineage, whatever it is worth. */
  inLineage: string | null;
  /** The same, where it is fit to be installed. */
  obtained?: CertificateFacts;
  served: ServedCertificate[];
}

export interface CertificatesLook {
  pairs: PairLook[];
  /** `/health` answered through the proxy. */
  healthy: boolean;
  /** Where the authority suggests when to renew (ARI), by fingerprint. */
  suggested: { fingerprint: string; start: string; end: string }[];
}

/** Where a new pair comes from. */
export type PairSource =
  | { kind: 'lineage' }
  /** File names in the stack file's incoming directory. */
  | { kind: 'incoming'; certificate: string; key: string };

export interface PairChoice {
  /** Names the pair in the stack file. */
  certificateFile: string;
  source: PairSource;
}

export type Obtained =
  | { outcome: 'obtained'; certificate: CertificateFacts; durationMs: number }
  /** The authority wants to be asked later, or is away. Nothing was obtained. */
  | { outcome: 'rate-limited' | 'authority-away'; text: string; retryAfterMs?: number };

export interface Installed {
  /** The pair that nginx reads now. */
  certificate: CertificateFacts;
  /** Where the one from before is kept, on the Docker host. */
  keptIn: string;
}

export interface Expected {
  certificateFile: string;
  fingerprint: string;
}

export interface Reloaded {
  /** Milliseconds from the reload until every new connection got what it should. */
  servedAfterMs: number;
  /** Connections made meanwhile, and how many of them failed. */
  connections: number;
  failedConnections: number;
  /** Old worker processes that still finish what they began. */
  oldWorkers: number;
}

export interface ClientsSee {
  served: ServedCertificate[];
  healthMs: number;
}

export interface CertificatesActivities {
  lookAtCertificates(): Promise<CertificatesLook>;
  /**
   * Whether a new pair could be installed, before one is ordered: how the files reach nginx, whether they can be
   * written, whether nginx takes its configuration as it is. Throws CannotInstall, NotEnoughSpace or ProxyRefused.
   */
  checkGround(request: {
    certificateFiles: string[];
    testProxy: boolean;
  }): Promise<{ webroot: string | null }>;
  /** Puts a token into the webroot and fetches it through each public name. Throws ChallengeFailed, CannotInstall. */
  tryChallenge(): Promise<{ hostnames: string[] }>;
  /**
   * Orders a certificate for a lineage that still has what the plan saw there; null for none. An attempt that finds
   * it renewed already returns it. Throws ChallengeFailed, AuthorityRefused, NothingRenewed.
   */
  obtainCertificate(request: { certificateFile: string; replaces: string | null }): Promise<Obtained>;
  /** Stops this run's certbot, if it still runs. */
  stopObtaining(request: { certificateFile: string }): Promise<void>;
  /** Whether nginx and customers could take that pair. Throws UnfitCertificate. */
  checkPair(request: PairChoice & { replaces: string | null; renewal: boolean }): Promise<CertificateFacts>;
  /** Switches nginx's files to that pair; the old one is kept. Throws StalePlan, NotEnoughSpace, CannotInstall. */
  installPair(request: PairChoice & { fingerprint: string; replaces: string | null }): Promise<Installed>;
  /** Switches back to the pair from before, if the new one is there. */
  putBackPair(request: {
    certificateFile: string;
    installed: string;
    before: string;
  }): Promise<{ putBack: boolean }>;
  /** Tests nginx's configuration, reloads it, and waits until customers get it. Throws ProxyRefused, NotServed. */
  reloadForCertificates(request: { expected: Expected[] }): Promise<Reloaded>;
  /** What customers get, several times in a row. Throws NotServed. */
  checkClients(request: {
    expected: Expected[];
    /** Names for which HTTP/2 was agreed on before. */
    http2: string[];
    healthy: boolean;
    trusted: boolean;
  }): Promise<ClientsSee>;
  /**
   * The same for the `standalone` challenge: nginx is stopped meanwhile, and started again whatever comes of it. After a
   * worker that died the next attempt does, or whoever finds its note.
   */
  obtainWithoutProxy(request: { certificateFile: string; replaces: string | null }): Promise<Obtained>;
  /** Starts nginx where this run has stopped it, or one that is over; never what a person has stopped. */
  bringProxyBack(): Promise<{ started: string[] }>;
  /** Stops nginx, in runs that began before `obtainWithoutProxy`. Stopped already is success. */
  stopProxy(): Promise<{ stopped: string[] }>;
  /** Starts nginx again, in such runs. Started already is success. */
  startProxy(): Promise<{ started: string[] }>;
  /** Removes tokens and half-written pairs of runs that are over, and starts nginx where they have stopped it. */
  sweepCertificates(): Promise<{ removed: string[] }>;
}
