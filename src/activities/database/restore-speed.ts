import type pg from 'pg';

/** What a restore reads and writes a second, with its indexes, where nothing was measured yet. */
const usualBytesPerSecond = 25_000_000;
const fixedSeconds = 5;
/** Small restores are slower a byte than large ones: only those of about this size count. */
const sizeFactor = 4;
const consulted = 5;

export async function recordRestore(client: pg.Client, bytes: number, durationMs: number): Promise<void> {
  await client.query('insert into hermes_ops.restored (bytes, duration_ms) values ($1, $2)', [
    bytes,
    durationMs,
  ]);
}

/** How long a restore of so much takes, from this server's own earlier ones where there are any. */
export async function expectedSeconds(client: pg.Client, databaseBytes: number): Promise<number> {
  const guess = fixedSeconds + Math.ceil(databaseBytes / usualBytesPerSecond);
  const { rows: there } = await client.query(`select where to_regclass('hermes_ops.restored') is not null`);
  if (there.length === 0) return guess;
  const { rows } = await client.query<{ bytes: string; duration_ms: string }>(
    `select bytes::text, duration_ms::text from hermes_ops.restored
      where bytes between $1 and $2 order by at desc limit ${consulted}`,
    [Math.floor(databaseBytes / sizeFactor), Math.ceil(databaseBytes * sizeFactor)],
  );
  const millisecondsPerByte = rows
    .map((row) => Number(row.duration_ms) / Number(row.bytes))
    .sort((a, b) => a - b);
  const median = millisecondsPerByte[Math.floor(millisecondsPerByte.length / 2)];
  return median === undefined ? guess : Math.max(1, Math.ceil((median * databaseBytes) / 1000));
}
