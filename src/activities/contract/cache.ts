/** What the cache activities take and give: Redis, where the dead letters live too. */

export interface CacheLook {
  /** False when Redis did not answer: the numbers are unknown then, not zero. */
  seen: boolean;
  keys: number;
  deadLetters: number;
  /** Keys that Redis threw away for want of memory since it started: dead letters may be among them. */
  evicted: number;
}

/** What Redis has on disk now. */
export interface SavedCache {
  keys: number;
  deadLetters: number;
  /** `maxmemory-policy`: what is thrown away when memory ends. */
  evictionPolicy: string;
}

export interface Forgotten {
  keys: number;
  deadLettersKept: number;
}

export interface CacheActivities {
  lookAtCache(): Promise<CacheLook>;
  /** Lets Redis write everything to disk, and waits until it has. Throws VerificationFailed where it cannot. */
  saveCache(): Promise<SavedCache>;
  /** Deletes what matches the stack file's `cache.forgetAfterRestore`; dead letters never, whatever the pattern. */
  forgetCached(): Promise<Forgotten>;
}
