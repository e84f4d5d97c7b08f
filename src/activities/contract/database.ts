/** What the database activities take and give. Plain JSON values. */

export interface DatabaseIdentity {
  name: string;
  /** `pg_database.oid`: stays with the database when it is renamed. */
  oid: number;
}

export interface TableDifference {
  table: string;
  liveRows: number;
  backupRows: number;
}

/** What a restore would do. All that a person approves is in here. */
export interface RestorePlan {
  backupId: string;
  digest: string;
  takenAt: string;
  live: DatabaseIdentity;
  /** Only tables that differ; at most 50, largest difference first. */
  differences: TableDifference[];
  tablesEqual: number;
  tablesOnlyInLive: string[];
  tablesOnlyInBackup: string[];
  databaseBytes: number;
  liveBytes: number;
  serverFreeBytes: number;
  serverNeededBytes: number;
  /** From this machine's own earlier restores where known, else from the size. */
  expectedSeconds: number;
  /** Rows written to the live database in the last seconds, scaled to a minute: they will not be in the restored one. */
  writesPerMinute: number;
  /** Rows written to the live database so far, by its own statistics: what later counts are compared with. */
  statistics: WrittenRows[];
  /** Earlier restores whose undo window is open: it ends when this restore swaps. */
  endsUndoOf: { workflowId: string; runId: string; database: string }[];
  /** Replication slots, subscriptions, pg_cron jobs and the like that need a person's eye. */
  warnings: string[];
}

export interface ShadowDatabase extends DatabaseIdentity {
  sizeBytes: number;
  durationMs: number;
}

export interface RestoreBesideRequest {
  backupId: string;
  digest: string;
  live: DatabaseIdentity;
}

export interface Verification {
  tables: number;
  rows: number;
  objects: number;
  checks: string[];
}

export interface WrittenRows {
  table: string;
  inserted: number;
  updated: number;
  deleted: number;
}

export interface SwapRequest {
  /** The approved plan's hash: spent on the target itself in the transaction of the swap. */
  approval: string;
  live: DatabaseIdentity;
  shadow: DatabaseIdentity;
  /** ISO time until which the old database is kept. */
  keepUntil: string;
  /** The plan's statistics: rows written since then are not in the restored database. */
  since: WrittenRows[];
}

export interface Swap {
  /** The database that was live, under its new name. */
  old: DatabaseIdentity;
  /** The restored one, under the live name. */
  live: DatabaseIdentity;
  swappedAt: string;
  /** From the first terminated session to the commit. */
  gapMs: number;
  /** What the old database took after the plan was made: not in the restored one. Largest first, at most 50. */
  writtenSincePlan: WrittenRows[];
}

export interface SwapBackRequest {
  /** Names this change in the journal: a rollback's own hash, or the swap's for a compensation. */
  approval: string;
  swap: Swap;
  keepUntil: string;
}

export interface SwapBack {
  /** Live again. */
  live: DatabaseIdentity;
  /** The restored one, set aside with all that was written to it. */
  aside: DatabaseIdentity;
  gapMs: number;
  /** What customers wrote since the swap: it is in `aside` only. */
  writtenSinceSwap: WrittenRows[];
}

export interface DatabaseLeftovers {
  dropped: string[];
  /** Kept for an undo or because its run lives, with the reason. */
  kept: { name: string; reason: string }[];
}

export interface DatabaseActivities {
  /** Throws UnknownDatabase, WrongDatabase, NewerServer, NotEnoughSpace, UnknownRole, UnsafeToRestore. Changes nothing. */
  planRestore(request: { backupId: string; digest: string }): Promise<RestorePlan>;
  /** Throws StalePlan when the live database is not the one the plan saw. Changes nothing. */
  confirmRestorePlan(request: { plan: RestorePlan }): Promise<void>;
  /** Lets the server write everything out: its restart is shorter then. */
  checkpointDatabase(): Promise<void>;
  /**
   * Makes a database read-only for new sessions and ends the others. By OID, whatever its name is then; the setting
   * is never copied to a restored database. Idempotent, as is lifting it.
   */
  fenceWrites(request: { database: DatabaseIdentity }): Promise<void>;
  liftFence(request: { database: DatabaseIdentity }): Promise<void>;
  /** Creates the shadow database and restores into it by a job container; resumes one that is under way. */
  restoreBeside(request: RestoreBesideRequest): Promise<ShadowDatabase>;
  /** Removes this run's shadow database and its job container, if they exist. Never the live database. */
  discardShadow(): Promise<void>;
  /** Compares the shadow with the backup's snapshot: rows and every object by name. Throws VerificationFailed. */
  verifyShadow(request: { shadow: DatabaseIdentity; backupId: string }): Promise<Verification>;
  /** Both renames in one transaction, at most once for one approval. Throws StalePlan, ApprovalSpent. */
  swapDatabases(request: SwapRequest): Promise<Swap>;
  /** The way back of `swapDatabases`; finding it done already is success. */
  swapBack(request: SwapBackRequest): Promise<SwapBack>;
  /**
   * For the way back when it is not known whether the swap took place: swaps back if the journal says that `approval`
   * was spent on a swap which still stands; otherwise changes nothing.
   */
  undoSwap(request: { approval: string; keepUntil: string }): Promise<{ undone: boolean }>;
  /** Rows written to the live database since the swap, table by table. Changes nothing. */
  countWritesSinceSwap(request: { swap: Swap }): Promise<WrittenRows[]>;
  /** Drops a database that this product made or set aside, by name and OID; gone already is success; never the live one. */
  dropDatabase(request: { database: DatabaseIdentity }): Promise<void>;
  /** Drops shadows of runs that are no longer alive and kept databases past their date. */
  sweepDatabases(): Promise<DatabaseLeftovers>;
}
