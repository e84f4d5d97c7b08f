import { defaultPayloadConverter } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import { payloadConverter } from '../../../src/workflows/payload-converter.ts';

const payload = (encoding: string, data: string) => ({
  metadata: { encoding: Buffer.from(encoding) },
  data: Buffer.from(data),
});

describe('a payload', () => {
  test.each([undefined, null, 7, 'text', ['a'], { backup: 'latest' }])(
    'of %j is read as it was sent',
    (value) => {
      expect(payloadConverter.fromPayload(payloadConverter.toPayload(value))).toEqual(value);
      expect(payloadConverter.toPayload(value)).toEqual(defaultPayloadConverter.toPayload(value));
    },
  );

  test.each([
    ['json/plain', '{by: me', '{by: me'],
    ['json/protobuf', '{"backup":"latest"}', { backup: 'latest' }],
    ['', '{}', {}],
    ['yaml', 'backup: latest', 'backup: latest'],
    ['json/plain', '', ''],
  ])('that says %j and holds %j is read, never an error', (encoding, data, value) => {
    expect(payloadConverter.fromPayload(payload(encoding, data))).toEqual(value);
  });

  test('without anything in it is an empty text', () => {
    expect(payloadConverter.fromPayload({})).toBe('');
  });
});
