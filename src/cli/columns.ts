const gap = '  ';
const leastWidth = 8;

export interface Column {
  /** One line, or two: each cell of the column has as many. */
  head: string[];
  /** Its cells may be cut, in their middle, where the table would be too wide. */
  mayBeCut?: boolean;
}

/** Rows of cells of several lines, side by side, in no more than `most` characters. */
export function renderColumns(
  columns: readonly Column[],
  rows: readonly (readonly string[][])[],
  most: number,
): string[] {
  const all = [columns.map(({ head }) => head), ...rows];
  const widths = fitted(
    columns.map((_, index) =>
      Math.max(...all.flatMap((row) => (row[index] ?? []).map(({ length }) => length)), 0),
    ),
    columns.map(({ mayBeCut }) => mayBeCut === true),
    most - gap.length * (columns.length - 1),
  );
  return all.flatMap((row) => {
    const height = Math.max(...row.map(({ length }) => length), 0);
    return Array.from({ length: height }, (_, line) =>
      row
        .map((cell, index) => cut(cell[line] ?? '', widths[index] ?? 0).padEnd(widths[index] ?? 0))
        .join(gap)
        .trimEnd(),
    );
  });
}

/** Takes from the widest that may be cut, until all fit; what may not be cut stays whole. */
function fitted(widths: readonly number[], mayBeCut: readonly boolean[], most: number): number[] {
  const fit = [...widths];
  for (let over = fit.reduce((sum, width) => sum + width, 0) - most; over > 0; over -= 1) {
    const widest = fit.reduce(
      (best, width, index) =>
        mayBeCut[index] === true && width > leastWidth && width > (fit[best] ?? 0) ? index : best,
      -1,
    );
    if (widest < 0) return fit;
    fit[widest] = (fit[widest] ?? 0) - 1;
  }
  return fit;
}

/** The ends of a name say most: its project, and its number. */
function cut(text: string, width: number): string {
  if (text.length <= width) return text;
  const end = Math.floor((width - 1) / 2);
  return `${text.slice(0, width - 1 - end)}…${text.slice(text.length - end)}`;
}
