import { array, assert, constantFrom, property, record, string } from 'fast-check';
import { expect, test } from 'vitest';
import { demultiplex } from '../../../../src/activities/docker/output.ts';

function frame(stream: 1 | 2, text: string): Buffer {
  const content = Buffer.from(text);
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(content.length, 4);
  return Buffer.concat([header, content]);
}

test('stdout and stderr come apart in their order, whatever the frames are', () => {
  const frames = array(record({ stream: constantFrom<(1 | 2)[]>(1, 2), text: string({ unit: 'grapheme' }) }));
  assert(
    property(frames, (parts) => {
      const { stdout, stderr } = demultiplex(
        Buffer.concat(parts.map(({ stream, text }) => frame(stream, text))),
      );
      const of = (wanted: 1 | 2) =>
        parts
          .filter(({ stream }) => stream === wanted)
          .map(({ text }) => text)
          .join('');
      expect({ stdout, stderr }).toEqual({ stdout: of(1), stderr: of(2) });
    }),
  );
});

test('output that ends within a frame keeps what is there', () => {
  const whole = Buffer.concat([frame(1, 'first '), frame(1, 'second')]);
  expect(demultiplex(whole.subarray(0, -3)).stdout).toBe('first sec');
  expect(demultiplex(whole.subarray(0, 17)).stdout).toBe('first ');
  expect(demultiplex(Buffer.alloc(0))).toEqual({ stdout: '', stderr: '' });
});
