import { readFile } from 'node:fs/promises';
import { parseStack, StackFileError } from './parse.ts';
import type { Stack } from './schema.ts';

/** Reads the stack file. Throws StackFileError, also where the file cannot be read. */
export async function loadStack(path: string): Promise<Stack> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const received = error instanceof Error ? error.message : String(error);
    const expected = 'a stack file; name another one with HERMES_STACK_FILE';
    throw new StackFileError(path, [{ path: '', line: 1, column: 1, received, expected }]);
  }
  return parseStack(text, path);
}
