const maxLines = 50;
const maxCharacters = 8000;

/** PostgreSQL's follow-up lines that quote rows, and the first line of whatever comes after them. */
const quotesRows = /^\s*(?:[\w-]+: )?(?:detail|context|statement|query|where):/i;
const startsMessage = /^(?:[\w./-]+: |\[|[A-Z]+: {2})/;
const quotedValue = /((?:invalid|malformed|out of range)[^:"]*(?:"[^"]*"[^:"]*)?): ".*/i;

/**
 * The last lines of a job's output, fit for a failure's message: short, and without the rows that PostgreSQL's
 * errors quote, since a message goes into a history.
 */
export function readableLog(output: string): string {
  const kept: string[] = [];
  let quoting = false;
  for (const line of output.split(/\r?\n/)) {
    if (quotesRows.test(line)) quoting = true;
    else if (startsMessage.test(line)) quoting = false;
    if (!quoting) kept.push(line.replace(quotedValue, '$1: (value left out)'));
  }
  return kept.join('\n').trim().split('\n').slice(-maxLines).join('\n').slice(-maxCharacters);
}
