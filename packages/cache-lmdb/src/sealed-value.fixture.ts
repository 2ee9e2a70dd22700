import { createHash, randomBytes } from 'node:crypto';

const SEAL_BYTES = 32;

/** Random bytes behind their own checksum. */
export function sealed(bytes: number): Buffer {
  const body = randomBytes(bytes);
  return Buffer.concat([sealOf(body), body]);
}

/** Whether these are the bytes of one {@link sealed} value, whole. */
export function isSealed(value: Uint8Array): boolean {
  return sealOf(value.subarray(SEAL_BYTES)).equals(value.subarray(0, SEAL_BYTES));
}

function sealOf(body: Uint8Array): Buffer {
  return createHash('sha256').update(body).digest().subarray(0, SEAL_BYTES);
}
