import { Option } from 'commander';
import * as v from 'valibot';
import type { ProcedureDefinition } from '../procedures/definition.ts';
import { fieldsOf } from '../procedures/parse-input.ts';

/** The command line's options of a procedure, made from its one input schema. `dryRun` is the command `plan`. */
export function optionsOf({ schema }: ProcedureDefinition): Option[] {
  return fieldsOf(schema)
    .filter((field) => field !== 'dryRun')
    .map((field) => {
      const entry = entryOf(schema, field);
      const flag = `--${kebab(field)}`;
      const choices = choicesOf(entry);
      const option = new Option(
        isBoolean(entry) ? flag : `${flag} <${choices?.join('|') ?? (isNumber(entry) ? 'number' : 'text')}>`,
        describe(entry),
      );
      if (isNumber(entry)) option.argParser(numberOrText);
      if (isRequired(entry)) option.makeOptionMandatory();
      return option;
    });
}

function entryOf(schema: object, field: string): v.GenericSchema {
  const entries: unknown = 'entries' in schema ? schema.entries : undefined;
  const entry: unknown = isRecord(entries) ? entries[field] : undefined;
  if (isSchema(entry)) return entry;
  throw new TypeError(`The input schema has no field ${field}`);
}

function describe(entry: v.GenericSchema): string {
  return v.getDescription(isWrapped(entry) ? entry.wrapped : entry) ?? '';
}

function isRequired(entry: v.GenericSchema): boolean {
  return entry.type !== 'optional';
}

function isNumber(entry: v.GenericSchema): boolean {
  return (isWrapped(entry) ? entry.wrapped : entry).type === 'number';
}

/** What is no number goes on as it came: the schema refuses it, and says what is expected. */
function numberOrText(text: string): number | string {
  return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

function isBoolean(entry: v.GenericSchema): boolean {
  return (isWrapped(entry) ? entry.wrapped : entry).type === 'boolean';
}

function choicesOf(entry: v.GenericSchema): string[] | undefined {
  const inner = isWrapped(entry) ? entry.wrapped : entry;
  const options: unknown = 'options' in inner ? inner.options : undefined;
  return Array.isArray(options) ? options.map(String) : undefined;
}

function isWrapped(entry: v.GenericSchema): entry is v.GenericSchema & { wrapped: v.GenericSchema } {
  return 'wrapped' in entry && isSchema(entry.wrapped);
}

function isSchema(value: unknown): value is v.GenericSchema {
  return isRecord(value) && value['kind'] === 'schema';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function kebab(field: string): string {
  return field.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
