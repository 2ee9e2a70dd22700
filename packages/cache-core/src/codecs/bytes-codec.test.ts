import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesCodec } from '../index.ts';

test('bytes come back as the same bytes, without a copy', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(bytesCodec.encode(bytes)).toBe(bytes);
      expect(bytesCodec.decode(bytes)).toBe(bytes);
      expect(bytesCodec.sizeOf?.(bytes)).toBe(bytes.byteLength);
    }),
  );
});

test('a Buffer is bytes too; a view counts what it shows', () => {
  const buffer = Buffer.from('ab');
  expect(bytesCodec.encode(buffer)).toBe(buffer);
  expect(bytesCodec.sizeOf?.(new Uint8Array(100).subarray(10, 30))).toBe(20);
});

test.each([['text'], [null], [[1, 2]], [new ArrayBuffer(2)], [new Int16Array(2)], [{ length: 1 }]])(
  'anything else is refused: %j',
  (value) => {
    expect(() => bytesCodec.encode(value as unknown as Uint8Array)).toThrow(TypeError);
  },
);
