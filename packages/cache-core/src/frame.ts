import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { FrameFault } from './contracts/events.ts';
import type { EntryRef } from './contracts/invalidation.ts';
import type { Stamp, Stamps } from './contracts/shared-tier.ts';

/**
 * The stored form of an entry: a binary header and the raw payload; audio is never text. Little endian.
 *
 *   0 u16 magic 'WL'        12 u64 key binding         40 u64 stamp of the key
 *   2 u8  wire version      20 f64 origin, tier's ms   48 u64 stamp of the namespace
 *   3 u8  flags, 1=negative 28 u32 ttl ms              56 u32 CRC-32 of all other bytes
 *   4 u32 format            32 u32 grace ms            60 per tag: u32 tag, u64 stamp
 *   8 u16 0                 36 u32 load cost, us       then the payload
 *  10 u8  tags  11 u8 0
 *
 * The format is the CRC-32 of the codec's id and the application's schema version. The binding (64 bits of SHA-256 of the physical key) turns a frame that was moved under another key into a miss.
 */
export interface Frame {
  readonly originMs: number;
  readonly ttlMs: number;
  readonly graceMs: number;
  readonly loadCostMs: number;
  readonly stamps: Stamps;
  /** A view on the frame's own bytes. */
  readonly payload: Uint8Array;
  /** What is known is that there is no value. @default false */
  readonly negative?: boolean;
}

/** What a new frame is made of; every stamp is known. */
export interface FrameContent extends Frame {
  readonly stamps: { readonly key: Stamp; readonly namespace: Stamp; readonly tags: readonly Stamp[] };
}

/** Bytes that a frame adds to its payload, without tags. */
const FRAME_HEADER_BYTES = 60;
/** Bytes that each tag adds. */
const FRAME_TAG_BYTES = 12;

const MAGIC = 0x4c57;
const WIRE_VERSION = 1;
const MAX_U32 = 0xffff_ffff;
const CHECKSUM_AT = 56;
const MAX_TAGS = 255;
const NEGATIVE = 1;
const NO_TAGS: readonly (Stamp | undefined)[] = Object.freeze([]);

/** @throws RangeError with more than 255 tags. */
export function encodeFrame(ref: EntryRef, format: string, content: FrameContent): Uint8Array {
  if (ref.tags.length > MAX_TAGS) throw new RangeError(`an entry has at most ${MAX_TAGS} tags, got ${ref.tags.length}`);
  const payloadAt = FRAME_HEADER_BYTES + FRAME_TAG_BYTES * ref.tags.length;
  const bytes = new Uint8Array(payloadAt + content.payload.byteLength);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, MAGIC, true);
  view.setUint8(2, WIRE_VERSION);
  view.setUint8(3, content.negative === true ? NEGATIVE : 0);
  view.setUint32(4, crc32(format), true);
  view.setUint8(10, ref.tags.length);
  const [low, high] = bindingOf(ref.key);
  view.setUint32(12, low, true);
  view.setUint32(16, high, true);
  view.setFloat64(20, content.originMs, true);
  view.setUint32(28, asStored(content.ttlMs), true);
  view.setUint32(32, asStored(content.graceMs), true);
  view.setUint32(36, asStored(content.loadCostMs * 1000), true);
  view.setBigUint64(40, content.stamps.key, true);
  view.setBigUint64(48, content.stamps.namespace, true);
  ref.tags.forEach((tag, index) => {
    const at = FRAME_HEADER_BYTES + FRAME_TAG_BYTES * index;
    view.setUint32(at, crc32(tag), true);
    view.setBigUint64(at + 4, content.stamps.tags[index] ?? 0n, true);
  });
  bytes.set(content.payload, payloadAt);
  view.setUint32(CHECKSUM_AT, checksum(bytes), true);
  return bytes;
}

/**
 * Reads a frame back, or says what is wrong with the bytes. Never throws, whatever the bytes are.
 * The stamps are returned as stored: whether they still hold is for the reader to judge.
 */
export function decodeFrame(ref: EntryRef, format: string, bytes: Uint8Array): Frame | FrameFault {
  if (bytes.byteLength < FRAME_HEADER_BYTES) return 'truncated';
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint16(0, true) !== MAGIC) return 'foreign';
  if (view.getUint8(2) !== WIRE_VERSION) return 'version';
  if (view.getUint32(CHECKSUM_AT, true) !== checksum(bytes)) return 'checksum';
  const [low, high] = bindingOf(ref.key);
  if (view.getUint32(12, true) !== low || view.getUint32(16, true) !== high) return 'moved';
  if (view.getUint32(4, true) !== crc32(format)) return 'codec';
  const tagCount = view.getUint8(10);
  // A frame with other tags than the reader knows of cannot be judged by this reader.
  if (tagCount !== ref.tags.length) return 'stamps';
  const payloadAt = FRAME_HEADER_BYTES + FRAME_TAG_BYTES * tagCount;
  if (bytes.byteLength < payloadAt) return 'truncated';
  const frame: Frame = {
    originMs: view.getFloat64(20, true),
    ttlMs: view.getUint32(28, true),
    graceMs: view.getUint32(32, true),
    loadCostMs: view.getUint32(36, true) / 1000,
    stamps: {
      key: view.getBigUint64(40, true),
      namespace: view.getBigUint64(48, true),
      tags: tagCount === 0 ? NO_TAGS : tagStamps(view, ref.tags),
    },
    payload: bytes.subarray(payloadAt),
  };
  return (view.getUint8(3) & NEGATIVE) === 0 ? frame : { ...frame, negative: true };
}

/** The same frame under other stamps of its tags. */
export function restampFrame(frame: Uint8Array, tags: readonly Stamp[]): Uint8Array {
  const bytes = frame.slice();
  const view = new DataView(bytes.buffer);
  tags.forEach((stamp, index) => view.setBigUint64(FRAME_HEADER_BYTES + FRAME_TAG_BYTES * index + 4, stamp, true));
  view.setUint32(CHECKSUM_AT, checksum(bytes), true);
  return bytes;
}

/** In the order of the reader's tags, whatever that of the writer was. */
function tagStamps(view: DataView, tags: readonly string[]): readonly (Stamp | undefined)[] {
  const stored = new Map<number, Stamp>();
  for (let index = 0; index < tags.length; index++) {
    const at = FRAME_HEADER_BYTES + FRAME_TAG_BYTES * index;
    stored.set(view.getUint32(at, true), view.getBigUint64(at + 4, true));
  }
  return tags.map((tag) => stored.get(crc32(tag)));
}

/** Covers header and payload; the checksum's own four bytes are left out. */
function checksum(bytes: Uint8Array): number {
  return crc32(bytes.subarray(CHECKSUM_AT + 4), crc32(bytes.subarray(0, CHECKSUM_AT)));
}

/** Two halves, because a `bigint` of a hit's every read is measurable. */
function bindingOf(physicalKey: string): readonly [low: number, high: number] {
  const digits = hash('sha256', physicalKey, 'hex');
  return [Number.parseInt(digits.slice(8, 16), 16), Number.parseInt(digits.slice(0, 8), 16)];
}

/** A number as a frame keeps it: whole, and durations beyond 49 days as 49 days. */
export function asStored(value: number): number {
  return Math.min(MAX_U32, Math.max(0, Math.round(value)));
}
