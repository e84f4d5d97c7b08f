import * as v from 'valibot';
import { type Document, isMap, isNode, LineCounter, parseDocument } from 'yaml';
import { type Stack, stackSchema } from './schema.ts';
import { closest } from './suggestion.ts';

/** One thing that is wrong in a stack file. */
export interface StackFileIssue {
  /** `database.port`; empty where it is about the whole file. */
  path: string;
  /** Both count from 1. */
  line: number;
  column: number;
  /** What came, as in the file. */
  received: string;
  expected: string;
}

/** A stack file that cannot be used, with everything that is wrong in it. */
export class StackFileError extends Error {
  override readonly name = 'StackFileError';
  readonly fileName: string;
  readonly issues: readonly StackFileIssue[];

  constructor(fileName: string, issues: readonly StackFileIssue[]) {
    super(issues.map((issue) => renderIssue(fileName, issue)).join('\n'));
    this.fileName = fileName;
    this.issues = issues;
  }
}

function renderIssue(fileName: string, { path, line, column, received, expected }: StackFileIssue): string {
  return `${fileName}:${line}:${column} ${path === '' ? 'the file' : path}: got ${received}; expected ${expected}`;
}

/** Reads a stack file's text. Throws StackFileError with every issue, each with its field and line. */
export function parseStack(text: string, fileName = 'hermes.yaml'): Stack {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const syntax = document.errors.map(({ pos: [offset], message }) => ({
    path: '',
    ...position(lines, offset),
    received: 'text that is not YAML',
    expected: firstLine(message),
  }));
  if (syntax.length > 0) throw new StackFileError(fileName, syntax);
  const parsed = v.safeParse(stackSchema, readDocument(document, fileName) ?? {});
  if (parsed.success) return parsed.output;
  throw new StackFileError(
    fileName,
    parsed.issues.map((issue) => describeIssue(issue, document, lines)),
  );
}

/** HERMES as the runbook describes it. */
export function defaultStack(): Stack {
  return v.parse(stackSchema, {});
}

function readDocument(document: Document, fileName: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    const expected = error instanceof Error ? firstLine(error.message) : 'plain values';
    throw new StackFileError(fileName, [{ path: '', line: 1, column: 1, received: 'aliases', expected }]);
  }
}

function describeIssue(issue: v.BaseIssue<unknown>, document: Document, lines: LineCounter): StackFileIssue {
  const keys = (issue.path ?? []).map(({ key }) => (typeof key === 'number' ? key : String(key)));
  const last = issue.path?.at(-1);
  const unknownKey = issue.type === 'strict_object' && issue.expected === 'never';
  const missing = issue.received === 'undefined';
  return {
    path: keys.join('.'),
    ...position(lines, offsetOf(document, keys, unknownKey)),
    received: unknownKey
      ? `the unknown key ${JSON.stringify(String(last?.key))}`
      : missing
        ? 'nothing'
        : show(issue.input),
    expected: unknownKey ? knownKeys(issue, last) : expectation(issue),
  };
}

function knownKeys(issue: v.BaseIssue<unknown>, last: v.IssuePathItem | undefined): string {
  const known = knownKeysOf(issue.path ?? []);
  const near = closest(String(last?.key), known);
  return near === undefined
    ? `one of ${known.join(', ')}`
    : `one of ${known.join(', ')} (did you mean ${near}?)`;
}

/** The keys that the schema knows at the parent of this path. */
function knownKeysOf(path: readonly v.IssuePathItem[]): string[] {
  let schema: unknown = stackSchema;
  for (const { key } of path.slice(0, -1)) schema = childOf(unwrap(schema), key);
  const entries = entriesOf(unwrap(schema));
  return entries === undefined ? [] : Object.keys(entries);
}

function childOf(schema: unknown, key: unknown): unknown {
  const entries = entriesOf(schema);
  if (entries !== undefined) return entries[String(key)];
  if (isRecord(schema) && 'item' in schema) return schema['item'];
  return isRecord(schema) ? schema['value'] : undefined;
}

function entriesOf(schema: unknown): Record<string, unknown> | undefined {
  return isRecord(schema) && isRecord(schema['entries']) ? schema['entries'] : undefined;
}

/** The schema inside `optional` and `pipe`. */
function unwrap(schema: unknown): unknown {
  for (let current = schema; ;) {
    if (!isRecord(current)) return current;
    if (isRecord(current['wrapped'])) current = current['wrapped'];
    else if (
      Array.isArray(current['pipe']) &&
      current['pipe'][0] !== current &&
      entriesOf(current) === undefined
    ) {
      const [first]: unknown[] = current['pipe'];
      current = first;
    } else return current;
  }
}

function expectation(issue: v.BaseIssue<unknown>): string {
  return issue.message.startsWith('Invalid ') ? (issue.expected ?? issue.message) : issue.message;
}

/** Where the value stands; where it is missing, where its nearest parent stands. */
function offsetOf(document: Document, keys: (string | number)[], ofKey: boolean): number {
  if (ofKey) {
    const parent = document.getIn(keys.slice(0, -1), true) ?? document.contents;
    const pair = isMap(parent)
      ? parent.items.find(({ key }) => String(key) === String(keys.at(-1)))
      : undefined;
    if (isNode(pair?.key)) return pair.key.range?.[0] ?? 0;
  }
  for (let depth = keys.length; depth > 0; depth -= 1) {
    const node = document.getIn(keys.slice(0, depth), true);
    if (isNode(node)) return node.range?.[0] ?? 0;
  }
  return document.contents?.range?.[0] ?? 0;
}

function position(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
