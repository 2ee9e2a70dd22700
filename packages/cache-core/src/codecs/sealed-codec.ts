import type { KeyObject } from 'node:crypto';
import { createCipheriv, createDecipheriv, createSecretKey, randomFillSync } from 'node:crypto';
import type { Codec, Seal } from '../contracts/codec.ts';

/** A key of {@link sealedCodec}. */
export interface SealingKey {
  /** Names the key in what it has sealed, 0 to 4,294,967,295; no two keys share one. */
  readonly id: number;
  /** 32 random bytes. Copied: a later change has no effect. */
  readonly key: Uint8Array;
}

/** Options of {@link sealedCodec}. */
export interface SealedCodecOptions {
  /** The first one seals, all of them open: put a new key first, and drop the old one when its entries have expired. */
  readonly keys: readonly SealingKey[];
}

const VERSION = 1;
const KEY_BYTES = 32;
const MAX_KEY_ID = 0xffff_ffff;
const NONCE_AT = 5;
const NONCE_BYTES = 12;
const TAG_AT = NONCE_AT + NONCE_BYTES;
const TAG_BYTES = 16;
const TEXT_AT = TAG_AT + TAG_BYTES;
const CIPHER = 'aes-256-gcm';

/**
 * The same values as `inner`, encrypted in every tier outside this process: AES-256-GCM, 33 bytes more per entry.
 *
 *   0 u8 version, 1      5 12 bytes nonce, random      33 ciphertext, as long as the payload
 *   1 u32 key id (LE)   17 16 bytes tag
 *
 * The tag covers version, key id, the codec's `id` and the binding as well (the entry's key, times and stamps): who can write
 * to a tier but has no key can neither move, revive, prolong nor invent an entry, only remove it.
 * Random nonces allow 2^32 entries per key; bring a new key before that. Caches with other keys see misses.
 *
 * @throws TypeError naming the option: no keys, a key that is not 32 bytes, an id out of range or used twice, or an `inner`
 * that seals already.
 */
export function sealedCodec<V>(inner: Codec<V>, options: SealedCodecOptions): Codec<V> {
  if (inner.seal !== undefined) throw new TypeError('inner must be a codec without a seal, got a sealed one');
  const id = `sealed/${VERSION}+${inner.id}`;
  return Object.freeze({
    id,
    encode: (value: V) => inner.encode(value),
    decode: (bytes: Uint8Array) => inner.decode(bytes),
    ...(inner.shareable !== undefined && { shareable: inner.shareable }),
    ...(inner.sizeOf !== undefined && { sizeOf: inner.sizeOf.bind(inner) }),
    seal: sealOf(id, keysOf(options)),
  });
}

function sealOf(codecId: string, [first, ...others]: readonly [SecretKey, ...SecretKey[]]): Seal {
  const secrets = new Map([first, ...others].map(({ id, secret }) => [id, secret]));
  return Object.freeze({
    seal(bytes: Uint8Array, binding: string): Uint8Array {
      const sealed = new Uint8Array(TEXT_AT + bytes.byteLength);
      const view = new DataView(sealed.buffer);
      view.setUint8(0, VERSION);
      view.setUint32(1, first.id, true);
      const nonce = randomFillSync(sealed.subarray(NONCE_AT, TAG_AT));
      const cipher = createCipheriv(CIPHER, first.secret, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(contextOf(sealed, codecId, binding));
      sealed.set(cipher.update(bytes), TEXT_AT);
      cipher.final();
      sealed.set(cipher.getAuthTag(), TAG_AT);
      return sealed;
    },
    open(sealed: Uint8Array, binding: string): Uint8Array {
      if (sealed.byteLength < TEXT_AT) throw new Error('the seal is cut');
      const view = new DataView(sealed.buffer, sealed.byteOffset, sealed.byteLength);
      if (view.getUint8(0) !== VERSION) throw new Error('the seal is of an unknown version');
      const secret = secrets.get(view.getUint32(1, true));
      if (secret === undefined) throw new Error('the seal is of an unknown key');
      const nonce = sealed.subarray(NONCE_AT, TAG_AT);
      const decipher = createDecipheriv(CIPHER, secret, nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(contextOf(sealed, codecId, binding));
      decipher.setAuthTag(sealed.subarray(TAG_AT, TEXT_AT));
      const text = decipher.update(sealed.subarray(TEXT_AT));
      try {
        decipher.final();
      } catch {
        // What OpenSSL says adds nothing, and an error of ours holds nothing of what was sealed.
        throw new Error('the seal is broken');
      }
      // A plain Uint8Array, as every other tier answers: a Buffer would print and compare differently.
      return new Uint8Array(text.buffer, text.byteOffset, text.byteLength);
    },
  });
}

/** What the tag covers besides the text. As JSON, so that no two pairs of id and binding read the same. */
function contextOf(sealed: Uint8Array, codecId: string, binding: string): Uint8Array {
  return Buffer.concat([sealed.subarray(0, NONCE_AT), Buffer.from(JSON.stringify([codecId, binding]))]);
}

interface SecretKey {
  readonly id: number;
  readonly secret: KeyObject;
}

/** Copies the keys. Errors name positions and kinds, never what a key consists of. */
function keysOf(options: SealedCodecOptions): readonly [SecretKey, ...SecretKey[]] {
  const given: unknown = (options as SealedCodecOptions | undefined)?.keys;
  if (!Array.isArray(given)) throw new TypeError(`keys must be a list of at least one key, got ${kindOf(given)}`);
  const ids = new Set<number>();
  const [first, ...others] = (given as readonly unknown[]).map((each, index): SecretKey => {
    const { id, key } = (each ?? {}) as { readonly id?: unknown; readonly key?: unknown };
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id > MAX_KEY_ID) {
      const got = typeof id === 'number' ? `the number ${id}` : kindOf(id);
      throw new TypeError(`keys[${index}].id must be a whole number from 0 to ${MAX_KEY_ID}, got ${got}`);
    }
    if (ids.has(id)) throw new TypeError(`keys[${index}].id must differ from the other ids, got ${id} again`);
    ids.add(id);
    if (!(key instanceof Uint8Array) || key.byteLength !== KEY_BYTES) {
      const got = key instanceof Uint8Array ? `${key.byteLength} bytes` : kindOf(key);
      throw new TypeError(`keys[${index}].key must be ${KEY_BYTES} bytes in a Uint8Array, got ${got}`);
    }
    return { id, secret: createSecretKey(Uint8Array.from(key)) };
  });
  if (first === undefined) throw new TypeError('keys must be a list of at least one key, got an empty one');
  return [first, ...others];
}

/** What a value is, without anything of what it holds. */
function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value;
}
