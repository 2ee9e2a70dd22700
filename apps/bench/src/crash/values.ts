import { createHash, randomBytes } from 'node:crypto';

const SUM_BYTES = 32;
const MIN_BODY_BYTES = 200;
/** Three seconds of speech. */
const MAX_BODY_BYTES = 150 * 1024;

/** Random bytes of random length behind a checksum of them and their key: no two are equal, and none passes for another key's. */
export function newValue(key: string): Buffer {
  const bytes = Math.round(MIN_BODY_BYTES + Math.random() ** 3 * (MAX_BODY_BYTES - MIN_BODY_BYTES));
  const body = randomBytes(bytes);
  return Buffer.concat([checksum(key, body), body]);
}

/** Whether a value is one that was made for this key, to the last bit. */
export function isWhole(key: string, value: Uint8Array): boolean {
  const body = value.subarray(SUM_BYTES);
  return body.length >= MIN_BODY_BYTES && checksum(key, body).equals(value.subarray(0, SUM_BYTES));
}

function checksum(key: string, body: Uint8Array): Buffer {
  return createHash('sha256').update(`${key.length}:${key}`).update(body).digest();
}
