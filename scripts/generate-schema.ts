import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toJsonSchema } from '@valibot/to-json-schema';
import { stackSchema } from '../src/stack/schema.ts';
import { projectRoot } from './project.ts';

// Editors read hermes.schema.json for hermes.yaml. It is generated, and committed for those who have not built anything.

const schemaFile = 'hermes.schema.json';

/** The JSON Schema of the stack file as people write it, as the text of hermes.schema.json. */
export function schemaText(): string {
  // A check has no counterpart there; anything else that has none throws, and so does not get lost unseen.
  const schema = toJsonSchema(stackSchema, {
    typeMode: 'input',
    ignoreActions: ['check', 'raw_check', 'finite'],
  });
  return `${inlineLists(JSON.stringify(tidy(schema), null, 2))}\n`;
}

/** Lists of plain values on one line, as the formatter of this project writes them. */
function inlineLists(json: string): string {
  return json.replace(
    /\[\n\s+([^[\]{}]+?)\n\s*\]/g,
    (_, items: string) => `[${items.replace(/\n\s+/g, ' ')}]`,
  );
}

/** Without what only repeats that every group may be left out. */
function tidy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tidy);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, child]) => !isEmpty(child) || (key !== 'default' && key !== 'required'))
      .map(([key, child]) => [key, tidy(child)]),
  );
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** Writes the file, or with `--check` only says whether it is the one that would be written. */
async function main(): Promise<void> {
  const path = join(projectRoot, schemaFile);
  if (!process.argv.includes('--check')) return writeFile(path, schemaText());
  const committed = await readFile(path, 'utf8').catch(() => undefined);
  if (committed === schemaText()) return;
  process.stderr.write(`${schemaFile} is not what src/stack says. Run npm run generate, and commit it.\n`);
  process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
