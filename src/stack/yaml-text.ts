import {
  type Document,
  type ErrorCode,
  isMap,
  isNode,
  LineCounter,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';
import { StackFileError, type StackFileIssue } from './stack-file-error.ts';

export type Path = readonly (string | number)[];

/** A file's values, and where in the text each of them stands. */
export interface YamlText {
  values: unknown;
  has(path: Path): boolean;
  /** Where the value stands; where it is missing, where its nearest parent stands. Both count from 1. */
  positionOfValue(path: Path): Position;
  positionOfKey(path: Path): Position;
}

interface Position {
  line: number;
  column: number;
}

/** Reads YAML. Throws StackFileError with every mistake of its syntax, a key that stands twice included. */
export function readYaml(text: string, fileName: string): YamlText {
  const lines = new LineCounter();
  const document = parse(text, lines, fileName);
  const issues = [
    ...[...document.errors, ...document.warnings].map((error) => issueOf(error, document, text, lines)),
    ...lostAliases(document, lines),
  ];
  if (issues.length > 0) throw new StackFileError(fileName, issues);
  return {
    values: valuesOf(document, fileName),
    has: (path) => path.length > 0 && document.hasIn(path),
    positionOfValue: (path) => position(lines, offsetOfValue(document, path)),
    positionOfKey: (path) => position(lines, offsetOfKey(document, path) ?? offsetOfValue(document, path)),
  };
}

function parse(text: string, lines: LineCounter, fileName: string): Document {
  try {
    return parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  } catch {
    throw unreadable(fileName, 'a structure that cannot be read', 'groups that are not nested so deeply');
  }
}

function valuesOf(document: Document, fileName: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    throw unreadable(fileName, 'aliases that cannot be followed', 'plain values instead of *name');
  }
}

function unreadable(fileName: string, received: string, expected: string): StackFileError {
  return new StackFileError(fileName, [{ path: '', line: 1, column: 1, received, expected }]);
}

const yamlWords: Partial<Record<ErrorCode, string>> = {
  DUPLICATE_KEY: 'each key once in its group',
  TAB_AS_INDENT: 'spaces for the indentation, no tabs',
  BAD_INDENT: 'every key of a group at the same indentation, and every bracket closed',
  BAD_ALIAS: 'an anchor (&name) before its alias (*name); text that begins with * goes in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'one `key: value` a line; text with a colon goes in quotes',
  MULTILINE_IMPLICIT_KEY: 'one `key: value` a line, with a space after the colon',
  MULTIPLE_DOCS: 'one document, without --- in between',
  TAG_RESOLVE_FAILED: 'plain values without tags; text that begins with ! goes in quotes',
  UNEXPECTED_TOKEN: 'no more text after a value; text with special characters goes in quotes',
  BAD_SCALAR_START: 'quotes around text that begins with a special character',
  BAD_DQ_ESCAPE: 'a known escape after the backslash, or single quotes',
  MISSING_CHAR: 'the closing quote, bracket, brace or comma, or the space after a colon',
  NON_STRING_KEY: 'text as a key',
  RESOURCE_EXHAUSTION: 'groups that are not nested so deeply',
};

/** In own words: the parser's may repeat a value, and that may be a secret. */
function issueOf(
  { code, pos: [start] }: YAMLError,
  document: Document,
  text: string,
  lines: LineCounter,
): StackFileIssue {
  const offset = Math.min(start, text.length);
  const [key = ''] = /^[\w$.-]{1,60}/.exec(text.slice(offset)) ?? [];
  const opening = code === 'MISSING_CHAR' ? openingQuote(document, offset) : undefined;
  return {
    path: '',
    ...position(lines, opening ?? offset),
    received:
      code === 'DUPLICATE_KEY' ? `the key ${JSON.stringify(key)} a second time` : 'text that is not YAML',
    expected: yamlWords[code] ?? `valid YAML at this place (${code})`,
  };
}

/** A quote that is never closed is missed where the file ends: the reader wants to see where it was opened. */
function openingQuote(document: Document, offset: number): number | undefined {
  let opening: number | undefined;
  visit(document, {
    Scalar: (_key, { type, range }) => {
      if (type !== 'QUOTE_DOUBLE' && type !== 'QUOTE_SINGLE') return;
      if (range && range[0] < offset && offset <= range[2]) [opening] = range;
    },
  });
  return opening;
}

function lostAliases(document: Document, lines: LineCounter): StackFileIssue[] {
  const lost: StackFileIssue[] = [];
  visit(document, {
    Alias: (_key, alias) => {
      if (alias.resolve(document) !== undefined) return;
      lost.push({
        path: '',
        ...position(lines, alias.range?.[0] ?? 0),
        received: 'an alias without its anchor',
        expected: yamlWords.BAD_ALIAS ?? '',
      });
    },
  });
  return lost;
}

function offsetOfKey(document: Document, path: Path): number | undefined {
  const parent = document.getIn(path.slice(0, -1), true) ?? document.contents;
  const pair = isMap(parent)
    ? parent.items.find(({ key }) => String(key) === String(path.at(-1)))
    : undefined;
  return isNode(pair?.key) ? pair.key.range?.[0] : undefined;
}

function offsetOfValue(document: Document, path: Path): number {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const node = document.getIn(path.slice(0, depth), true);
    if (isNode(node)) return node.range?.[0] ?? 0;
  }
  return document.contents?.range?.[0] ?? 0;
}

function position(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}
