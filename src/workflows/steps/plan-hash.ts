import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/**
 * The short hash that an answer must name: of what will be done, and of this asking of it. `asking` is drawn from the
 * run's own random numbers, which *Reset* in the Web UI seeds anew: the old run's answers, which the new run is sent
 * again, name a plan that nobody waits for. Not the run id: a replay of the part before the reset must get the old one.
 */
export function planHash(asking: string, question: string, content: unknown): string {
  return bytesToHex(sha256(utf8ToBytes(JSON.stringify([asking, question, content])))).slice(0, 8);
}
