import type { BaseIssue } from 'valibot';
import { channel } from './people.ts';
import { stackSchema } from './schema.ts';
import { childOf, entriesOf, unwrap } from './schema-tree.ts';
import { secretReference } from './secrets.ts';
import { closest } from './suggestion.ts';

const longestShown = 60;

/** What came, and what is expected there, in plain words. */
interface Words {
  received: string;
  expected: string;
}

export const wordsForList: Words = { received: 'a list', expected: 'a group of keys, or leave it out' };

export function wordsForUnknownKey(path: readonly (string | number)[]): Words {
  const key = String(path.at(-1));
  const known = Object.keys(entriesOf(schemasAlong(path.slice(0, -1)).at(-1)) ?? {});
  const near = closest(key, known);
  const hint = near === undefined ? '' : ` (did you mean ${near}?)`;
  return {
    received: `the unknown key ${shortened(JSON.stringify(key))}`,
    expected: `one of ${known.join(', ')}${hint}`,
  };
}

export function wordsForIssue(issue: BaseIssue<unknown>): Words {
  return { received: received(issue), expected: expected(issue) };
}

/** Groups, lists and text in their place are not shown: a password or a login may be in them. */
function received(issue: BaseIssue<unknown>): string {
  const { input, path = [] } = issue;
  const last = path.at(-1);
  const came = last?.origin === 'value' ? last.value : input;
  if (came === undefined) return 'nothing';
  if (came === null) return 'nothing after the colon';
  if (holdsSecret(path.map(({ key }) => String(key)))) return 'something else, which is not shown here';
  if (Array.isArray(came)) return 'a list';
  if (typeof came === 'number' || typeof came === 'boolean') return String(came);
  if (typeof came !== 'string') return 'a group of keys';
  return takesText(issue) ? shortened(JSON.stringify(withoutLogin(came))) : 'text';
}

/** Whether this place, or one around it, is for a secret: what stands there by mistake may be the secret itself. */
function holdsSecret(path: readonly string[]): boolean {
  return schemasAlong(path).some((schema) => schema === secretReference || schema === channel);
}

/** The schema of the whole file, and of each key on the way. */
function schemasAlong(path: readonly (string | number)[]): unknown[] {
  const schemas = [unwrap(stackSchema)];
  for (const key of path) schemas.push(childOf(schemas.at(-1), key));
  return schemas;
}

function takesText({ kind, type }: BaseIssue<unknown>): boolean {
  return kind !== 'schema' || !['strict_object', 'record', 'array', 'union'].includes(type);
}

function withoutLogin(address: string): string {
  return address.replace(/\/\/[^/\s]*@/, '//…@');
}

function shortened(shown: string): string {
  return shown.length > longestShown ? `${shown.slice(0, longestShown - 3)}...` : shown;
}

function expected(issue: BaseIssue<unknown>): string {
  if (!issue.message.startsWith('Invalid ')) return issue.message;
  switch (issue.type) {
    case 'string':
      return 'text';
    case 'number':
      return 'a number';
    case 'boolean':
      return 'true or false';
    case 'array':
      return 'a list';
    case 'picklist':
      return `one of ${String(issue.expected).replace(/[()"]/g, '').replaceAll(' | ', ', ')}`;
    case 'strict_object':
      return issue.input === undefined ? 'a value: it has no default' : 'a group of keys, or leave it out';
    case 'record':
      return 'a group of keys, or leave it out';
    default:
      return issue.expected ?? issue.message;
  }
}
