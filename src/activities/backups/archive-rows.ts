import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { Context } from '@temporalio/activity';

const newline = 0x0a;

export interface DataFile {
  sizeBytes: number;
  sha256: string;
  /** Rows of the table in it. */
  rows: number;
}

/**
 * Reads one data file of a directory-format archive in full: its hash, and the rows in it. COPY's text format writes
 * one row a line, with newlines in values escaped, and `pg_dump` ends the data with a line `\.` and blank lines.
 * Throws zlib's error for a damaged file.
 */
export async function readDataFile(path: string, compressed: boolean): Promise<DataFile> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const hashing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      sizeBytes += chunk.length;
      done(null, chunk);
    },
  });
  const counter = new LineCounter();
  const signal = Context.current().cancellationSignal;
  const source = createReadStream(path, { highWaterMark: 256 * 1024 });
  const counting = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of chunks) counter.take(chunk);
  };
  if (compressed)
    await pipeline(source, hashing, createGunzip({ chunkSize: 256 * 1024 }), counting, { signal });
  else await pipeline(source, hashing, counting, { signal });
  return { sizeBytes, sha256: hash.digest('hex'), rows: counter.rows };
}

/** Counts lines, and takes off the end marker and the blank lines after it. */
export class LineCounter {
  #lines = 0;
  #tail = Buffer.alloc(0);

  take(chunk: Buffer): void {
    for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, at + 1)) this.#lines += 1;
    this.#tail = Buffer.concat([this.#tail, chunk]).subarray(-16);
  }

  get rows(): number {
    const end = /(?:^|\n)\\\.(\n+)$/.exec(this.#tail.toString('latin1'));
    // The marker's own line ends with the first of these newlines.
    return end?.[1] === undefined ? this.#lines : this.#lines - end[1].length;
  }
}
