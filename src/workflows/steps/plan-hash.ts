import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/**
 * The short hash that an answer must name. The run id is part of it: *Reset* in the Web UI makes a new run and sends
 * it the old run's answers again, and those must not count for it.
 */
export function planHash(runId: string, question: string, content: unknown): string {
  return bytesToHex(sha256(utf8ToBytes(JSON.stringify([runId, question, content])))).slice(0, 8);
}
