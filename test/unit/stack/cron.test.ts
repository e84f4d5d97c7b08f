import { expect, test } from 'vitest';
import { isCron } from '../../../src/stack/cron.ts';

test.each([
  '0 2 * * *',
  '*/15 * * * *',
  '0 0 1,15 * mon-fri',
  '5-59/10 8-18 * JAN,jul 0',
  '  0 2 * * 7 ',
  '0 0 31 12 sun',
])('%j is a cron expression', (text) => expect(isCron(text)).toBe(true));

test.each([
  '',
  '0 2 * *',
  '0 2 * * * *',
  '60 2 * * *',
  '0 24 * * *',
  '0 2 0 * *',
  '0 2 32 * *',
  '0 2 * 13 *',
  '0 2 * * 8',
  '0 2 * * someday',
  '*/0 * * * *',
  '*/99 * * * *',
  '10-5 * * * *',
  '1-2-3 * * * *',
  '1, * * * *',
  '1/2/3 * * * *',
  '- * * * *',
  '@daily',
])('%j is refused', (text) => expect(isCron(text)).toBe(false));
