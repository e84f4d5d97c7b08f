/** What the backups activities take and give. Plain JSON values: see design.md on what survives a history. */

export interface BackupSpace {
  database: string;
  serverVersion: string;
  /** `pg_database_size`, uncompressed with indexes. */
  databaseBytes: number;
  freeBytes: number;
  neededBytes: number;
}

export type BackupKind = 'manual' | 'scheduled' | 'safety';

export interface DumpRequest {
  backupId: string;
  kind: BackupKind;
  by: string;
  reason: string;
}

export interface DumpSummary {
  backupId: string;
  tables: number;
  rows: number;
  dumpBytes: number;
  durationMs: number;
}

export interface BackupRef {
  backupId: string;
}

export interface SealedBackup extends BackupRef {
  files: number;
  sizeBytes: number;
  /** SHA-256 over the manifest's content: names this backup and no other. */
  digest: string;
}

export interface ChooseBackup {
  /** A backup id, `latest`, or an ISO time: the last one whose snapshot is before it. */
  backup: string;
}

/** What a restore needs to know of a verified backup. The row counts stay in the manifest file. */
export interface VerifiedBackup extends BackupRef {
  digest: string;
  database: string;
  serverVersion: string;
  takenAt: string;
  sizeBytes: number;
  databaseBytes: number;
  tables: number;
  rows: number;
}

export interface BackupListEntry {
  backupId: string;
  takenAt: string;
  kind: BackupKind;
  /** Whose it is: several stacks may share a directory. */
  stack: string;
  database: string;
  serverVersion: string;
  sizeBytes: number;
  databaseBytes: number;
  rows: number;
  by: string;
  reason: string;
  /** Why it cannot be used, when its manifest is missing or unreadable. */
  problem?: string;
}

export interface PruneResult {
  removed: string[];
  kept: number;
}

export interface BackupsActivities {
  /** Looks at the database's size and the free space; throws NotEnoughSpace, UnknownDatabase. Changes nothing. */
  checkBackupSpace(): Promise<BackupSpace>;
  /** Locks, snapshots, counts and dumps into `<directory>/.partial-<id>`; resumes a dump that is under way. */
  dumpDatabase(request: DumpRequest): Promise<DumpSummary>;
  /** fsync, SHA-256 of every file, the manifest last. Still `.partial-<id>`. */
  sealBackup(request: BackupRef): Promise<SealedBackup>;
  /** Reads all of it back (hashes, archive, rows in the archive against the snapshot's), then renames it to `<id>`. */
  readBackAndPublish(request: BackupRef): Promise<VerifiedBackup>;
  /** Removes what a failed dump left: container, partial folder, sessions. Never a published backup. */
  discardPartialBackup(request: BackupRef): Promise<void>;
  /** Removes published backups past the stack file's age, never below `keepAtLeast`, never `protect`. */
  pruneBackups(request: { protect: string[] }): Promise<PruneResult>;
  /** Removes partial folders of runs that are no longer alive. */
  sweepPartialBackups(): Promise<{ removed: string[] }>;
  listBackups(): Promise<BackupListEntry[]>;
  /** Throws UnknownBackup with the ids that there are. */
  chooseBackup(request: ChooseBackup): Promise<BackupRef>;
  /** Manifest, hashes of every file and their number, archive read in full. Throws DamagedBackup naming the file. */
  verifyBackup(request: BackupRef): Promise<VerifiedBackup>;
}
