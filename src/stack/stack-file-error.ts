/** One thing that is wrong in a stack file. */
export interface StackFileIssue {
  /** `database.port`; empty where it is about the whole file. */
  path: string;
  /** Both count from 1. */
  line: number;
  column: number;
  /** What came. Never a secret. */
  received: string;
  expected: string;
}

/** A stack file that cannot be used, with everything that is wrong in it, in the order of its lines. */
export class StackFileError extends Error {
  override readonly name = 'StackFileError';
  readonly fileName: string;
  readonly issues: readonly StackFileIssue[];

  constructor(fileName: string, issues: readonly StackFileIssue[]) {
    // A parser may say the same of one place twice.
    const byText = new Map(issues.map((issue) => [renderIssue(fileName, issue), issue]));
    const inOrder = [...byText].toSorted(([, a], [, b]) => a.line - b.line || a.column - b.column);
    super(inOrder.map(([text]) => text).join('\n'));
    this.fileName = fileName;
    this.issues = inOrder.map(([, issue]) => issue);
  }
}

function renderIssue(fileName: string, { path, line, column, received, expected }: StackFileIssue): string {
  return `${fileName}:${line}:${column} ${path === '' ? 'the file' : path}: got ${received}; expected ${expected}`;
}
