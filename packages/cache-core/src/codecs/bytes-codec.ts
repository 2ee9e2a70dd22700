import type { Codec } from '../contracts/codec.ts';

/** Bytes as they are, without a copy in either direction; read-only by contract. */
export const bytesCodec: Codec<Uint8Array> = Object.freeze({
  id: 'bytes/1',
  shareable: true,
  encode(value: Uint8Array): Uint8Array {
    if (!(value instanceof Uint8Array)) throw new TypeError(`bytesCodec stores Uint8Array, got ${typeof value}`);
    return value;
  },
  decode: (bytes: Uint8Array): Uint8Array => bytes,
  sizeOf: (value: Uint8Array): number => value.byteLength,
});
