import { readFile } from 'node:fs/promises';

/** What another process wrote, one JSON value a line; nothing where it wrote no file. */
export async function readJsonLines<Line>(file: string): Promise<Line[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Line => JSON.parse(line));
}
