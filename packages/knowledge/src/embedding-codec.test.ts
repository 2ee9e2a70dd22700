import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { embeddingCodec } from './embedding-codec.ts';

test('vectors come back bit for bit, from any address', () => {
  fc.assert(
    fc.property(fc.float32Array({ minLength: 1, maxLength: 64 }), fc.integer({ min: 0, max: 7 }), (vector, offset) => {
      const bytes = embeddingCodec.encode(vector);
      expect(bytes.byteLength).toBe(4 * vector.length);
      const moved = new Uint8Array(bytes.byteLength + offset);
      moved.set(bytes, offset);
      expect(embeddingCodec.decode(moved.subarray(offset))).toEqual(vector);
    }),
  );
  expect([...embeddingCodec.encode(Float32Array.of(1, -2))]).toEqual([0, 0, 128, 63, 0, 0, 0, 192]);
});

test.each([0, 1, 5])('%i bytes are no vector', (length) => {
  expect(() => embeddingCodec.decode(new Uint8Array(length))).toThrow(RangeError);
});
