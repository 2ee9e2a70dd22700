import { crc32 } from 'node:zlib';

/** What a key of Redis holds, as its last two characters. */
const KIND = { value: ':v', lease: ':l', key: ':k', tag: ':t', namespace: ':n' } as const;

/** Partitions of a Cluster: enough for the masters there are, few enough to invalidate a tag in all of them. */
const PARTITIONS = 64;
const SLOTS = 16_384;

/**
 * Where things lie in Redis. Every name begins with its namespace, `{prefix}:{scope}:{cache}`, and ends with its kind. On a
 * Cluster the entries are divided into 64 partitions, `{00}` to `{63}`, so that all that one read needs lies on one server;
 * stamps of tags and namespaces are kept once in each.
 */
export class Layout {
  readonly #divided: boolean;
  readonly #every: string;

  /** @param prefix of the stamp of all mutable namespaces. */
  constructor(prefix: string, divided: boolean) {
    this.#divided = divided;
    this.#every = `${prefix}:*`;
  }

  /** All partitions there are. */
  get partitions(): readonly string[] {
    return this.#divided ? ALL : WHOLE;
  }

  /** The partition of an entry. */
  partitionOf(key: string): string {
    return this.#divided ? (ALL[crc32(key) % PARTITIONS] ?? '') : '';
  }

  value(key: string, partition: string): string {
    return key + partition + KIND.value;
  }

  lease(key: string, partition: string): string {
    return key + partition + KIND.lease;
  }

  keyStamp(key: string, partition: string): string {
    return key + partition + KIND.key;
  }

  tagStamp(tag: string, partition: string): string {
    return tag + partition + KIND.tag;
  }

  namespaceStamp(namespace: string, partition: string): string {
    return namespace + partition + KIND.namespace;
  }

  /** Of all mutable namespaces at once. */
  everyStamp(partition: string): string {
    return this.#every + partition + KIND.namespace;
  }
}

const WHOLE: readonly string[] = Object.freeze(['']);
const ALL: readonly string[] = Object.freeze(
  Array.from({ length: PARTITIONS }, (_, index) => `{${String(index).padStart(2, '0')}}`),
);

/** The slot of a partition, or of any key without braces (Redis Cluster specification: CRC-16/XMODEM of the hash tag). */
export function slotOf(partition: string): number {
  const known = slots.get(partition);
  if (known !== undefined) return known;
  const tag = partition.startsWith('{') ? partition.slice(1, partition.indexOf('}')) : partition;
  let crc = 0;
  for (const byte of Buffer.from(tag)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021;
    crc &= 0xffff;
  }
  const slot = crc % SLOTS;
  slots.set(partition, slot);
  return slot;
}

/** Of the partitions and the bus; no more are asked for. */
const slots = new Map<string, number>();
