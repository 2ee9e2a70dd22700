import { describe, expect, test } from 'vitest';
import { createCache } from '../cache.ts';
import type { CacheEvent } from '../contracts/events.ts';
import { createKeyspace } from '../keyspace.ts';
import { MemorySharedTier } from '../memory-shared-tier.ts';
import type { CacheOptions } from '../policy.ts';
import { Recorder, turn } from '../tier.fixture.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { pickBytes, seededRandom } from '../testing/seeded-random.ts';
import { bytesCodec } from './bytes-codec.ts';
import { jsonCodec } from './json-codec.ts';
import type { SealedCodecOptions, SealingKey } from './sealed-codec.ts';
import { sealedCodec } from './sealed-codec.ts';

const OVERHEAD_BYTES = 33;
const keyOf = (id: number): SealingKey => ({ id, key: pickBytes(seededRandom(id), 32) });
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The seal of a codec with these keys; the first one seals. */
function sealWith(...keys: SealingKey[]) {
  return sealedCodec(bytesCodec, { keys }).seal!;
}

test('it is its inner codec, with a seal and an id of its own', () => {
  const codec = sealedCodec(bytesCodec, { keys: [keyOf(1)] });
  expect(codec.id).toBe('sealed/1+bytes/1');
  const bytes = bytesOf('value');
  expect(codec.encode(bytes)).toBe(bytes);
  expect(codec.decode(bytes)).toBe(bytes);
  expect(codec.sizeOf?.(bytes)).toBe(5);
  expect(codec.shareable).toBe(true);
  const json = sealedCodec(jsonCodec(), { keys: [keyOf(1)] });
  expect(json.decode(json.encode({ a: 1 }))).toEqual({ a: 1 });
  for (const member of ['shareable', 'sizeOf']) expect(member in json).toBe(false);
});

test('an inner codec may be an instance of a class', () => {
  class Text {
    readonly id = 'text/1';
    readonly #encoder = new TextEncoder();
    encode(value: string): Uint8Array {
      return this.#encoder.encode(value);
    }
    decode(bytes: Uint8Array): string {
      return new TextDecoder().decode(bytes);
    }
    sizeOf(value: string): number {
      return this.#encoder.encode(value).byteLength;
    }
  }
  const codec = sealedCodec(new Text(), { keys: [keyOf(1)] });
  expect(codec.decode(codec.encode('text'))).toBe('text');
  expect(codec.sizeOf?.('text')).toBe(4);
});

describe('what is sealed', () => {
  test.each([0, 1, 16, 1000, 200_000])('%d bytes open again, as bytes of their own', (length) => {
    const seal = sealWith(keyOf(1));
    const bytes = pickBytes(seededRandom(length), length);
    const sealed = seal.seal(bytes, 'w:s:n:a');
    expect(sealed.byteLength).toBe(length + OVERHEAD_BYTES);
    expect(bytes).toEqual(pickBytes(seededRandom(length), length));
    const opened = seal.open(sealed, 'w:s:n:a');
    expect(Buffer.from(opened).equals(bytes)).toBe(true);
    expect(Object.getPrototypeOf(opened)).toBe(Uint8Array.prototype);
    expect(opened.buffer.byteLength).toBeLessThanOrEqual(2 * length + 65_536);
    expect(opened.buffer).not.toBe(sealed.buffer);
  });

  test('opens from a view, as it comes out of a frame', () => {
    const seal = sealWith(keyOf(1));
    const sealed = seal.seal(bytesOf('value'), 'k');
    const frame = new Uint8Array(sealed.byteLength + 20);
    frame.set(sealed, 10);
    expect(seal.open(frame.subarray(10, -10), 'k')).toEqual(bytesOf('value'));
  });

  test('does not open when any bit was changed, or bytes are missing or too many', () => {
    const seal = sealWith(keyOf(1), keyOf(2));
    const sealed = seal.seal(bytesOf('some text of a caller'), 'k');
    for (let at = 0; at < sealed.byteLength; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const changed = Uint8Array.from(sealed);
        changed[at]! ^= 1 << bit;
        expect(() => seal.open(changed, 'k'), `bit ${bit} of byte ${at}`).toThrow(/^the seal is /);
      }
    }
    for (let length = 0; length < sealed.byteLength; length++) {
      expect(() => seal.open(sealed.subarray(0, length), 'k'), `${length} bytes`).toThrow(/^the seal is /);
    }
    expect(() => seal.open(Buffer.concat([sealed, Uint8Array.of(0)]), 'k')).toThrow('the seal is broken');
    expect(seal.open(sealed, 'k')).toEqual(bytesOf('some text of a caller'));
  });

  test('opens under its own binding, codec and key id only', () => {
    const same = keyOf(1).key;
    const keys = [
      { id: 1, key: same },
      { id: 2, key: same },
    ];
    const seal = sealWith(...keys);
    const sealed = seal.seal(bytesOf('value'), 'w:s:n:a');
    for (const binding of ['w:s:n:b', 'w:evil:n:a', '', 'w:s:n:a\0', '\ud800']) {
      expect(() => seal.open(sealed, binding)).toThrow('the seal is broken');
    }
    const lone = seal.seal(bytesOf('value'), '\ud800');
    expect(() => seal.open(lone, '\ud801')).toThrow('the seal is broken');
    const json = sealedCodec(jsonCodec(), { keys }).seal!;
    expect(() => json.open(sealed, 'w:s:n:a')).toThrow('the seal is broken');
    const renamed = Uint8Array.from(sealed);
    renamed[1] = 2;
    expect(() => seal.open(renamed, 'w:s:n:a')).toThrow('the seal is broken');
  });

  test('shows nothing of the text, and never looks the same', () => {
    const seal = sealWith(keyOf(1));
    const text = 'Your account 4711 has been closed.';
    const once = seal.seal(bytesOf(text), 'k');
    const again = seal.seal(bytesOf(text), 'k');
    expect(Buffer.from(once).equals(again)).toBe(false);
    const all = Buffer.from(once);
    for (let from = 0; from + 4 <= text.length; from++) expect(all.includes(text.slice(from, from + 4))).toBe(false);
    expect(all.includes(Buffer.from(keyOf(1).key))).toBe(false);
  });

  test('has a nonce of its own each time', () => {
    const seal = sealWith(keyOf(1));
    const nonces = new Set<string>();
    for (let count = 0; count < 10_000; count++) {
      nonces.add(Buffer.from(seal.seal(new Uint8Array(), 'k').subarray(5, 17)).toString('hex'));
    }
    expect(nonces.size).toBe(10_000);
  });

  test('has the layout that is written down', () => {
    const sealed = sealWith(keyOf(0xfffe_fdfc)).seal(bytesOf('value'), 'k');
    expect([...sealed.subarray(0, 5)]).toEqual([1, 0xfc, 0xfd, 0xfe, 0xff]);
    sealed[0] = 2;
    expect(() => sealWith(keyOf(0xfffe_fdfc)).open(sealed, 'k')).toThrow('the seal is of an unknown version');
  });
});

describe('rotation', () => {
  const [old, next] = [keyOf(7), keyOf(8)];

  test('the first key seals, all of them open', () => {
    const before = sealWith(old);
    const during = sealWith(next, old);
    const after = sealWith(next);
    const sealedBefore = before.seal(bytesOf('old'), 'k');
    const sealedDuring = during.seal(bytesOf('new'), 'k');
    expect(during.open(sealedBefore, 'k')).toEqual(bytesOf('old'));
    expect(after.open(sealedDuring, 'k')).toEqual(bytesOf('new'));
    expect(() => after.open(sealedBefore, 'k')).toThrow('the seal is of an unknown key');
    expect(() => before.open(sealedDuring, 'k')).toThrow('the seal is of an unknown key');
  });

  test('another key under the same id does not open', () => {
    const sealed = sealWith(old).seal(bytesOf('value'), 'k');
    expect(() => sealWith({ id: old.id, key: next.key }).open(sealed, 'k')).toThrow('the seal is broken');
  });

  test('keys are copied', () => {
    const mine = keyOf(7);
    const keys = [mine];
    const seal = sealedCodec(bytesCodec, { keys }).seal!;
    mine.key.fill(0);
    keys.length = 0;
    expect(sealWith(old).open(seal.seal(bytesOf('value'), 'k'), 'k')).toEqual(bytesOf('value'));
  });
});

describe('bad options are refused by name, and keys are not told', () => {
  const secret = 'a passphrase, not thirty-two bytes';
  const { key } = keyOf(1);
  const cases: [unknown, string][] = [
    [undefined, 'keys must be a list of at least one key, got undefined'],
    [{}, 'keys must be a list of at least one key, got undefined'],
    [{ keys: secret }, 'keys must be a list of at least one key, got string'],
    [{ keys: [] }, 'keys must be a list of at least one key, got an empty one'],
    [{ keys: [null] }, 'keys[0].id must be a whole number from 0 to 4294967295, got undefined'],
    [{ keys: [{ id: -1, key }] }, 'keys[0].id must be a whole number from 0 to 4294967295, got the number -1'],
    [{ keys: [{ id: 2 ** 32, key }] }, 'keys[0].id must be a whole number from 0 to 4294967295, got the number 4294967296'],
    [{ keys: [{ id: 0.5, key }] }, 'keys[0].id must be a whole number from 0 to 4294967295, got the number 0.5'],
    [{ keys: [{ id: secret, key }] }, 'keys[0].id must be a whole number from 0 to 4294967295, got string'],
    [{ keys: [keyOf(1), { id: 1, key }] }, 'keys[1].id must differ from the other ids, got 1 again'],
    [{ keys: [{ id: 1, key: key.subarray(1) }] }, 'keys[0].key must be 32 bytes in a Uint8Array, got 31 bytes'],
    [{ keys: [{ id: 1, key: secret }] }, 'keys[0].key must be 32 bytes in a Uint8Array, got string'],
    [{ keys: [{ id: 1, key: [...key] }] }, 'keys[0].key must be 32 bytes in a Uint8Array, got an array'],
    [{ keys: [{ id: 1 }] }, 'keys[0].key must be 32 bytes in a Uint8Array, got undefined'],
    [{ keys: [{ id: 1, key: null }] }, 'keys[0].key must be 32 bytes in a Uint8Array, got null'],
  ]; // prettier-ignore
  test.each(cases)('%j', (options, message) => {
    expect(() => sealedCodec(bytesCodec, options as SealedCodecOptions)).toThrow(new TypeError(message));
  });

  test('the smallest and the largest id are allowed', () => {
    for (const id of [0, 2 ** 32 - 1]) {
      const seal = sealWith({ id, key });
      expect(seal.open(seal.seal(bytesOf('value'), 'k'), 'k')).toEqual(bytesOf('value'));
    }
  });

  test('a codec that is sealed already', () => {
    const sealed = sealedCodec(bytesCodec, { keys: [keyOf(1)] });
    expect(() => sealedCodec(sealed, { keys: [keyOf(2)] })).toThrow(/^inner must be a codec without a seal/);
  });
});

describe('in a cache', () => {
  const TEXT = 'the caller lives in Berlin';

  function setUp() {
    const clock = new FakeClock();
    const tier = new MemorySharedTier({ clock });
    const open = (keys: readonly SealingKey[], more: Partial<CacheOptions<unknown>> = {}) => {
      const recorder = new Recorder();
      const { onEvent } = recorder;
      const codec = keys.length === 0 ? jsonCodec() : sealedCodec(jsonCodec(), { keys });
      return { recorder, cache: createCache<unknown>({ name: 'n', clock, tiers: [tier], codec, onEvent, ...more }) };
    };
    return { clock, tier, open };
  }

  const faultsOf = (recorder: Recorder): (CacheEvent & { type: 'frame-fault' })['fault'][] =>
    recorder.of('frame-fault').map(({ fault }) => fault);

  test('caches with the same keys share what none else can read', async () => {
    const { tier, open } = setUp();
    const writer = open([keyOf(1)]);
    await writer.cache.set('k', { text: TEXT });
    const reader = open([keyOf(2), keyOf(1)]);
    expect(await reader.cache.get('k')).toEqual({ text: TEXT });
    expect(faultsOf(reader.recorder)).toEqual([]);
    const [stored] = await tier.read([createKeyspace({ name: 'n' }).refOf('k')]);
    const bytes = Buffer.from(stored!.bytes!);
    expect(bytes.byteLength).toBeGreaterThan(TEXT.length);
    for (const word of [...TEXT.split(' '), '"text"']) expect(bytes.includes(word)).toBe(false);
  });

  test('what was loaded is sealed too', async () => {
    const { tier, open } = setUp();
    expect(await open([keyOf(1)]).cache.getOrLoad('k', () => ({ text: TEXT }))).toEqual({ text: TEXT });
    await turn();
    const [stored] = await tier.read([createKeyspace({ name: 'n' }).refOf('k')]);
    expect(Buffer.from(stored!.bytes!).includes('Berlin')).toBe(false);
    expect(await open([keyOf(1)]).cache.get('k')).toEqual({ text: TEXT });
  });

  test.each([
    ['another id', keyOf(2)],
    ['the same id', { id: 1, key: keyOf(2).key }],
  ])('another key with %s: a miss and an event', async (_, other) => {
    const { open } = setUp();
    await open([keyOf(1)]).cache.set('k', { text: TEXT });
    const { cache, recorder } = open([other]);
    expect(await cache.get('k')).toBeUndefined();
    expect(faultsOf(recorder)).toEqual(['payload']);
    expect(await cache.getOrLoad('k', () => 'loaded')).toBe('loaded');
    for (const event of recorder.events) expect(JSON.stringify(event)).not.toContain('Berlin');
  });

  test('a cache without the seal does not take it for a value, nor the other way round', async () => {
    const { open } = setUp();
    await open([keyOf(1)]).cache.set('sealed', { text: TEXT });
    const plain = open([]);
    await plain.cache.set('plain', { text: TEXT });
    expect(await plain.cache.get('sealed')).toBeUndefined();
    expect(faultsOf(plain.recorder)).toEqual(['codec']);
    const sealed = open([keyOf(1)]);
    expect(await sealed.cache.get('plain')).toBeUndefined();
    expect(faultsOf(sealed.recorder)).toEqual(['codec']);
  });

  test.each([
    ['key', 'other', {}],
    ['scope', 'k', { scope: 'evil' }],
  ])('a frame that was moved to another %s is a miss', async (_, key, scope) => {
    const { tier, open } = setUp();
    const from = open([keyOf(1)]);
    await from.cache.set('k', { text: TEXT });
    const to = open([keyOf(1)], scope);
    await to.cache.set(key, 'mine');
    const [source] = await tier.read([createKeyspace({ name: 'n' }).refOf('k')]);
    await tier.write(createKeyspace({ name: 'n', ...scope }).refOf(key), source!.bytes!, { ttlMs: 60_000 });
    const reader = open([keyOf(1)], scope);
    expect(await reader.cache.get(key)).toBeUndefined();
    expect(faultsOf(reader.recorder)).toHaveLength(1);
  });
});
