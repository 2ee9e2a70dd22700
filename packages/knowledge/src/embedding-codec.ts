import type { Codec } from '@warmline/cache-core';

const BYTES = Float32Array.BYTES_PER_ELEMENT;

/** What a typed array occupies besides its numbers, rounded up. */
const OBJECT_BYTES = 120;

/** Codec of the embedding cache: 32-bit floats, little endian, nothing else. */
export const embeddingCodec: Codec<Float32Array> = Object.freeze({
  id: 'warmline-float32/1',
  shareable: true,
  sizeOf: (vector: Float32Array): number => vector.byteLength + OBJECT_BYTES,
  encode(vector: Float32Array): Uint8Array {
    const bytes = new Uint8Array(vector.length * BYTES);
    const view = new DataView(bytes.buffer);
    vector.forEach((value, index) => view.setFloat32(index * BYTES, value, true));
    return bytes;
  },
  decode(bytes: Uint8Array): Float32Array {
    if (bytes.byteLength === 0 || bytes.byteLength % BYTES !== 0)
      throw new RangeError(`an embedding of ${bytes.byteLength} bytes`);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Float32Array.from({ length: bytes.byteLength / BYTES }, (_, index) => view.getFloat32(index * BYTES, true));
  },
});
