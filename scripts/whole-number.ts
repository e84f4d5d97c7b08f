import { InvalidArgumentError } from 'commander';

/** An option's value from 1 to 9,999,999. */
export function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text))
    throw new InvalidArgumentError('Expected a whole number from 1 to 9999999.');
  return Number(text);
}
