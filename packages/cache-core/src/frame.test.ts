import { crc32 } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FrameContent } from './frame.ts';
import { decodeFrame, encodeFrame } from './frame.ts';
import type { EntryRef } from './index.ts';

const HEADER_BYTES = 60;
const TAG_BYTES = 12;
const CODEC = 'bytes/1';
const u32 = fc.nat({ max: 0xffff_ffff });
const stamp = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

const ref = (tags: readonly string[] = [], key = 'w:s:n:0123'): EntryRef => ({ namespace: 'w:s:n', key, tags });
const content = (payload: Uint8Array, tags: readonly bigint[] = []): FrameContent => ({
  originMs: 1_234.5,
  ttlMs: 60_000,
  graceMs: 0,
  loadCostMs: 12.345,
  stamps: { key: 11n, namespace: 22n, tags },
  payload,
});

/** Frames of every shape that matters: empty and not, with and without tags. */
const samples = [
  { ref: ref(), bytes: encodeFrame(ref(), CODEC, content(new Uint8Array())) },
  { ref: ref(), bytes: encodeFrame(ref(), CODEC, content(Uint8Array.from({ length: 40 }, (_, i) => i))) },
  { ref: ref(['t:a', 't:b']), bytes: encodeFrame(ref(['t:a', 't:b']), CODEC, content(new Uint8Array(9), [7n, 8n])) },
];

/** A frame as an enemy or an accident would make it: anything at all, with magic, version and checksum put right. */
function forged(bytes: Uint8Array): Uint8Array {
  const made = Uint8Array.from(bytes);
  made.set([0x57, 0x4c, 1]);
  const sum = crc32(made.subarray(HEADER_BYTES), crc32(made.subarray(0, 56)));
  new DataView(made.buffer).setUint32(56, sum, true);
  return made;
}

test('what goes in comes out: payload, stamps of 0 to 5 tags, times', () => {
  const entry = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 8 }), { maxLength: 5 }).chain((tags) =>
    fc.record({
      ref: fc.record({ namespace: fc.constant('w:s:n'), key: fc.string(), tags: fc.constant(tags) }),
      content: fc.record({
        originMs: fc.double({ noNaN: true, noDefaultInfinity: true }),
        ttlMs: u32,
        graceMs: u32,
        loadCostMs: u32.map((us) => us / 1000),
        stamps: fc.record({
          key: stamp,
          namespace: stamp,
          tags: fc.array(stamp, { minLength: tags.length, maxLength: tags.length }),
        }),
        payload: fc.uint8Array({ maxLength: 300 }),
      }),
    }),
  );
  fc.assert(
    fc.property(entry, fc.string(), fc.nat({ max: 16 }), (made, codec, offset) => {
      const bytes = encodeFrame(made.ref, codec, made.content);
      expect(bytes.byteLength).toBe(HEADER_BYTES + TAG_BYTES * made.ref.tags.length + made.content.payload.byteLength);
      // As a reply arrives: somewhere inside a larger buffer.
      const reply = new Uint8Array(bytes.byteLength + 32).subarray(offset, offset + bytes.byteLength);
      reply.set(bytes);
      expect(decodeFrame(made.ref, codec, reply)).toEqual(made.content);
    }),
  );
});

test('the payload is a view on the bytes that were read, not a copy', () => {
  const { ref: entry, bytes } = samples[1]!;
  const frame = decodeFrame(entry, CODEC, bytes);
  if (typeof frame === 'string') throw new Error(frame);
  expect(frame.payload.buffer).toBe(bytes.buffer);
});

describe.each(samples)('damage to frame %#', ({ ref: entry, bytes }) => {
  test('it is whole before', () => {
    expect(decodeFrame(entry, CODEC, bytes)).toBeTypeOf('object');
  });

  test('every change of a single byte is found', () => {
    let compared = 0;
    for (let at = 0; at < bytes.byteLength; at++) {
      for (const flip of [1, 2, 4, 8, 16, 32, 64, 128, 255]) {
        const damaged = Uint8Array.from(bytes);
        damaged[at]! ^= flip;
        expect(decodeFrame(entry, CODEC, damaged), `byte ${at} ^ ${flip}`).toBeTypeOf('string');
        compared++;
      }
    }
    expect(compared).toBe(bytes.byteLength * 9);
  });

  test('every shorter and every longer one is rejected', () => {
    for (let length = 0; length < bytes.byteLength; length++) {
      expect(decodeFrame(entry, CODEC, bytes.subarray(0, length)), `${length} bytes`).toBeTypeOf('string');
    }
    for (const extra of [1, 2, 60]) {
      const longer = new Uint8Array(bytes.byteLength + extra);
      longer.set(bytes);
      expect(decodeFrame(entry, CODEC, longer)).toBeTypeOf('string');
    }
  });

  test('moved under another key, or read with another codec, it is rejected by name', () => {
    expect(decodeFrame({ ...entry, key: 'w:s:n:0124' }, CODEC, bytes)).toBe('moved');
    expect(decodeFrame({ ...entry, key: 'w:t:n:0123' }, CODEC, bytes)).toBe('moved');
    expect(decodeFrame(entry, 'json/1', bytes)).toBe('codec');
    expect(decodeFrame(entry, 'bytes/2', bytes)).toBe('codec');
  });
});

test('too short, foreign and newer bytes have names of their own', () => {
  const { ref: entry, bytes } = samples[1]!;
  expect(decodeFrame(entry, CODEC, new Uint8Array())).toBe('truncated');
  expect(decodeFrame(entry, CODEC, new TextEncoder().encode(JSON.stringify({ value: 'x'.repeat(100) })))).toBe(
    'foreign',
  );
  const newer = Uint8Array.from(bytes);
  newer[2] = 2;
  expect(decodeFrame(entry, CODEC, newer)).toBe('version');
});

test('a reader who knows other tags cannot judge the frame: its stamps never hold', () => {
  const bytes = encodeFrame(ref(['t:a', 't:b']), CODEC, content(new Uint8Array(3), [7n, 8n]));
  expect(decodeFrame(ref(['t:a']), CODEC, bytes)).toBe('stamps');
  expect(decodeFrame(ref(), CODEC, bytes)).toBe('stamps');
  expect(decodeFrame(ref(['t:b', 't:a']), CODEC, bytes)).toMatchObject({ stamps: { tags: [8n, 7n] } });
  expect(decodeFrame(ref(['t:a', 't:c']), CODEC, bytes)).toMatchObject({ stamps: { tags: [7n, undefined] } });
});

test('random bytes are rejected, and never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(decodeFrame(ref(), CODEC, bytes)).toBeTypeOf('string');
    }),
    { numRuns: 1_000 },
  );
});

test('forged bytes never throw either, whatever they claim about their tags', () => {
  const tags = fc.uniqueArray(fc.string(), { maxLength: 5 });
  fc.assert(
    fc.property(fc.uint8Array({ minLength: HEADER_BYTES, maxLength: 150 }), tags, (noise, known) => {
      // Key and codec are those of a real frame, so that only the tags are left to be wrong.
      const bytes = Uint8Array.from(noise);
      bytes.set(encodeFrame(ref(), CODEC, content(new Uint8Array())).subarray(4, 20), 4);
      bytes[10] = known.length;
      const frame = decodeFrame(ref(known), CODEC, forged(bytes));
      const hasRoom = bytes.byteLength >= HEADER_BYTES + TAG_BYTES * known.length;
      expect(typeof frame === 'object').toBe(hasRoom);
    }),
  );
});

test('durations beyond what fits are kept as the longest that does', () => {
  const bytes = encodeFrame(ref(), CODEC, {
    ...content(new Uint8Array()),
    ttlMs: Number.POSITIVE_INFINITY,
    graceMs: -1,
  });
  expect(decodeFrame(ref(), CODEC, bytes)).toMatchObject({ ttlMs: 0xffff_ffff, graceMs: 0 });
});

test('an entry with more tags than a frame can count is refused', () => {
  const tags = Array.from({ length: 256 }, (_, i) => `t:${i}`);
  expect(() => encodeFrame(ref(tags), CODEC, content(new Uint8Array(), tags.map(BigInt.bind(null, 1))))).toThrow(
    RangeError,
  );
});
