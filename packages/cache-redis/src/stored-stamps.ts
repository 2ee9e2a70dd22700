import type { EntryRef, Stamp, Stamps } from '@warmline/cache-core';
import { combinedStamp } from '@warmline/cache-core/stamps';
import type { History } from './history.ts';
import type { Layout } from './layout.ts';

const STAMP_BYTES = 8;
/** Node's buffers of answers are cut from pieces of this size, and a small view keeps a whole piece in memory. */
const WORTH_COPYING = 2;
const NO_TAGS: readonly (Stamp | undefined)[] = Object.freeze([]);

/** The names of the stamps that guard an entry: key, namespace, all mutable namespaces (where it is one), tags. */
export function stampNames(layout: Layout, ref: EntryRef, partition: string): string[] {
  const names = [layout.keyStamp(ref.key, partition), layout.namespaceStamp(ref.namespace, partition)];
  if (ref.immutable !== true) names.push(layout.everyStamp(partition));
  for (const tag of ref.tags) names.push(layout.tagStamp(tag, partition));
  return names;
}

/**
 * The stamps of an entry from what is stored under {@link stampNames}. What guards a mutable namespace is the sum of its own
 * stamp, that of all mutable ones, and the server's history: each of them can void it. Without a history there is none.
 */
export function stampsFrom(ref: EntryRef, stored: readonly (Buffer | null)[], history: History | undefined): Stamps {
  const [key, own, ...rest] = stored.map(stampOf);
  if (ref.immutable === true) return { key, namespace: own, tags: ref.tags.length === 0 ? NO_TAGS : rest };
  const [every, ...tags] = rest;
  const whole = own !== undefined && every !== undefined && history !== undefined;
  return {
    key,
    namespace: whole ? combinedStamp(combinedStamp(own, every), history.stamp) : undefined,
    tags: ref.tags.length === 0 ? NO_TAGS : tags,
  };
}

/** As the scripts keep it: big endian. */
export function stampBytes(stamp: Stamp): Buffer {
  const bytes = Buffer.allocUnsafe(STAMP_BYTES);
  bytes.writeBigUInt64BE(stamp);
  return bytes;
}

/** The bytes of an answer, without the memory they are a small part of. (Measured: a 5 KB answer of many holds on to 64 KB.) */
export function ownBytes(answer: Buffer): Uint8Array {
  return answer.buffer.byteLength > WORTH_COPYING * answer.length ? Uint8Array.prototype.slice.call(answer) : answer;
}

function stampOf(bytes: Buffer | null): Stamp | undefined {
  return bytes?.length === STAMP_BYTES ? bytes.readBigUInt64BE() : undefined;
}
