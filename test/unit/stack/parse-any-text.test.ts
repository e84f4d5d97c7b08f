import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { defaultStack, parseStack, StackFileError } from '../../../src/stack/parse.ts';

/** What is wrong with how this text was taken: nothing, or an error that is no StackFileError, or points outside of it. */
function complaints(text: string): unknown[] {
  try {
    const stack = parseStack(text);
    return isDeepStrictEqual(JSON.parse(JSON.stringify(stack)), stack) ? [] : [stack];
  } catch (error) {
    if (!(error instanceof StackFileError) || error.issues.length === 0) return [error];
    const lines = text.split('\n');
    return error.issues.filter(({ line, column, received, expected }) => {
      const width = lines[line - 1]?.length ?? -1;
      return line < 1 || column < 1 || column > width + 1 || received === '' || expected === '';
    });
  }
}

/** Paths of groups and values that the file knows. */
function pathsOf(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path];
  return [path, ...Object.entries(value).flatMap(([key, child]) => pathsOf(child, [...path, key]))];
}

const knownKeys = fc.constantFrom(...new Set(pathsOf(defaultStack()).flat()));
const paths = fc.constantFrom(...pathsOf(defaultStack()).filter((path) => path.length > 0));

test('any text parses or throws a StackFileError whose every line and column is inside it', () => {
  const yamlish = fc.string({
    unit: fc.constantFrom(...Array.from('ab1:-[]{}&*!|>\'"%@`#,? \t\n\r\u00e4')),
    maxLength: 60,
  });
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'grapheme' }), yamlish), (text) => {
      expect(complaints(text)).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test('any value at any known place parses or is refused the same way', () => {
  fc.assert(
    fc.property(paths, fc.jsonValue(), fc.boolean(), (path, value, flow) => {
      const whole = path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
      const text = stringify(whole, { collectionStyle: flow ? 'flow' : 'block' });
      expect(complaints(text)).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test('any nesting of known keys parses or is refused the same way', () => {
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<unknown>('24h', 5, true, null, '', 'P0', [], {}),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(knownKeys, tie('tree'), { maxKeys: 4 }),
    ),
  }));
  fc.assert(
    fc.property(tree, (value) => {
      expect(complaints(stringify(value))).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test('a stack file cut off anywhere parses or is refused the same way', () => {
  const text = stringify({
    database: { name: 'a"b', password: { env: 'X' } },
    contacts: [{ name: 'Ann: x' }],
  });
  for (let end = 0; end <= text.length; end += 1) expect(complaints(text.slice(0, end))).toEqual([]);
});
