/**
 * Turns values into bytes and back. `id` is stored with every value: a reader whose codec has another id sees a miss.
 *
 * `decode(encode(value))` must equal `value`. `decode` may throw on bytes it does not understand: that is a miss, never an error.
 * `encode` throws a `TypeError` for a value that would not come back as it went in.
 */
export interface Codec<V> {
  /** Names the format and its version, e.g. `json/1`. */
  readonly id: string;
  encode(value: V): Uint8Array;
  /** Decodes a read-only value. The bytes may be kept (not copied) by the value. */
  decode(bytes: Uint8Array): V;
  /**
   * True when the caller's own value may be kept and handed to other callers as it is (bytes, read-only by contract).
   * Otherwise the process tier keeps `decode(encode(value))`, so that a later change by its owner cannot reach the cache.
   * @default false
   */
  readonly shareable?: boolean;
  /** Bytes that a value occupies in memory; needed for `shareable` codecs. @default the length of the encoded value */
  sizeOf?(value: V): number;
  /** Encrypts what leaves the process; values in the process tier stay as they are. @default none */
  readonly seal?: Seal;
}

/** Encrypts and authenticates encoded values for the tiers outside this process. */
export interface Seal {
  /** Bytes that nobody without the key can read, bound to `binding`. */
  seal(bytes: Uint8Array, binding: string): Uint8Array;
  /** @throws when the bytes were changed, sealed for another binding, or sealed with a key that is not known. */
  open(sealed: Uint8Array, binding: string): Uint8Array;
}
