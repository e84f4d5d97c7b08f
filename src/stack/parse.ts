import * as v from 'valibot';
import { misfits } from './misfits.ts';
import { type Stack, stackSchema } from './schema.ts';
import { StackFileError, type StackFileIssue } from './stack-file-error.ts';
import { wordsForIssue, wordsForList, wordsForUnknownKey } from './wording.ts';
import { type Path, readYaml, type YamlText } from './yaml-text.ts';

export { StackFileError };

/** Reads a stack file's text. Throws StackFileError with every issue, each with its field and line. */
export function parseStack(text: string, fileName = 'hermes.yaml'): Stack {
  const yaml = readYaml(text, fileName);
  const values = yaml.values ?? {};
  const parsed = v.safeParse(stackSchema, values);
  const { unknownKeys, lists } = misfits(stackSchema, values);
  const issues = [
    // Valibot names the first unknown key of a group only; misfits has them all.
    ...(parsed.issues ?? []).filter((issue) => !isUnknownKey(issue)).map((issue) => describe(issue, yaml)),
    ...unknownKeys.map((path) => ({
      path: path.join('.'),
      ...yaml.positionOfKey(path),
      ...wordsForUnknownKey(path),
    })),
    ...lists.map((path) => ({ path: path.join('.'), ...yaml.positionOfValue(path), ...wordsForList })),
  ];
  if (parsed.success && issues.length === 0) return parsed.output;
  throw new StackFileError(fileName, issues);
}

/** HERMES as the runbook describes it. */
export function defaultStack(): Stack {
  return v.parse(stackSchema, {});
}

function isUnknownKey(issue: v.BaseIssue<unknown>): boolean {
  return issue.type === 'strict_object' && issue.expected === 'never';
}

function describe(issue: v.BaseIssue<unknown>, yaml: YamlText): StackFileIssue {
  const path: Path = (issue.path ?? []).map(({ key }) => (typeof key === 'number' ? key : String(key)));
  const { received, expected } = wordsForIssue(issue);
  const isDefault = received !== 'nothing' && path.length > 0 && !yaml.has(path);
  const position =
    issue.path?.at(-1)?.origin === 'key' ? yaml.positionOfKey(path) : yaml.positionOfValue(path);
  return {
    path: path.join('.'),
    ...position,
    received: isDefault ? `${received} by default` : received,
    expected,
  };
}
