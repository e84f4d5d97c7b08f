import { escapeIdentifier, escapeLiteral } from 'pg';
import { maxDatabaseNameBytes } from '../../stack/names.ts';
import { shortRunId } from '../owner.ts';

/** An identifier as SQL text, whatever is in it. */
export const quoted = escapeIdentifier;

/** A string as an SQL literal, for statements that take no parameters. */
export const literal = escapeLiteral;

/**
 * `base` followed by `suffix`, at most 63 bytes: PostgreSQL cuts longer names silently, and the cut name may be
 * the live one. The base is cut, at a character's edge.
 */
export function nameWithSuffix(base: string, suffix: string): string {
  const room = maxDatabaseNameBytes - Buffer.byteLength(suffix);
  let kept = '';
  for (const character of base) {
    if (Buffer.byteLength(kept + character) > room) break;
    kept += character;
  }
  return kept + suffix;
}

export function shadowName(live: string, runId: string): string {
  return nameWithSuffix(live, `_restore_${shortRunId(runId)}`);
}

/** Where the old database goes at a swap. */
export function oldName(live: string, runId: string, at: Date): string {
  return nameWithSuffix(
    live,
    `_before_${at.toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}_${shortRunId(runId)}`,
  );
}

/** Where the restored database goes at a rollback. */
export function undoneName(live: string, runId: string): string {
  return nameWithSuffix(live, `_undone_${shortRunId(runId)}`);
}

/** A libpq connection string without a password: a plain name with `=` in it would be taken for one. */
export function connectionString(parts: Record<string, string | number>): string {
  return Object.entries(parts)
    .map(([key, value]) => `${key}='${String(value).replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`)
    .join(' ');
}

/** A `.pgpass` line for any host, port, database and user. */
export function passwordFile(password: string): string {
  return `*:*:*:*:${password.replaceAll('\\', '\\\\').replaceAll(':', '\\:')}\n`;
}
