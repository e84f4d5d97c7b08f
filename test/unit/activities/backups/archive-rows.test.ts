import { array, assert, integer, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LineCounter } from '../../../../src/activities/backups/archive-rows.ts';

/** As COPY writes values: backslashes and newlines escaped. */
function row(values: readonly string[]): string {
  const escaped = values.map((value) =>
    value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t'),
  );
  return `${escaped.join('\t')}\n`;
}

function count(text: string, chunkBytes: number): number {
  const counter = new LineCounter();
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += chunkBytes) counter.take(bytes.subarray(at, at + chunkBytes));
  return counter.rows;
}

describe('the rows of a data file', () => {
  test('are counted whatever is in them and however they are read', () => {
    const tables = array(array(string({ unit: 'grapheme' }), { minLength: 0, maxLength: 3 }), {
      maxLength: 20,
    });
    assert(
      property(tables, integer({ min: 1, max: 40 }), (rows, chunkBytes) => {
        expect(count(`${rows.map(row).join('')}\\.\n\n\n`, chunkBytes)).toBe(rows.length);
      }),
    );
  });

  test.each([
    ['no rows', '\\.\n\n\n', 0],
    ['a value that looks like the end', '\\\\.\n\\.\n\n\n', 1],
    ['rows without columns', '\n\n\n\\.\n\n\n', 3],
    ['a file that was cut within a row', 'a\nb\nc', 2],
    ['a file that was cut at a row’s end', 'a\nb\n', 2],
    ['an empty file', '', 0],
  ])('are right for %s', (_, text, rows) => {
    for (const chunkBytes of [1, 2, 5, 1000]) expect(count(text, chunkBytes)).toBe(rows);
  });
});
