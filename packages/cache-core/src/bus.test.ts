import { describe, expect, test } from 'vitest';
import { HEARERS, hearers } from './bus.fixture.ts';
import type { Cache } from './index.ts';
import { down, heldLoad } from './levels.fixture.ts';
import { turn, wrapTier } from './tier.fixture.ts';

/** Within this time every process on a machine has heard of what its journal has. */
const MACHINE_MS = 5;
const BUS_MS = 50;

const invalidations: [string, (cache: Cache<unknown>) => Promise<unknown>][] = [
  ['delete', (cache) => cache.delete('k')],
  ['delete of several', (cache) => cache.delete('x', 'k')],
  ['invalidateTags', (cache) => cache.invalidateTags('t')],
  ['clear', (cache) => cache.clear()],
  ['set', (cache) => cache.set('k', 'set')],
];
const softly: typeof invalidations = [
  ['softInvalidate', (cache) => cache.softInvalidate('k')],
  ['softInvalidateTags', (cache) => cache.softInvalidateTags('t')],
  ['softClear', (cache) => cache.softClear()],
];
const all = [...invalidations, ...softly];

describe.each(HEARERS)('two %s on one bus', (kind) => {
  const shares = kind !== 'lone processes';

  /** A cache on each of the two, in which both hold `k` and `other`; `other` has no tag. */
  async function setUp() {
    const tagsOf = (key: string): string[] => (key === 'other' ? [] : ['t']);
    const two = await hearers(kind, { tagsOf });
    const [writer, reader] = [two.a.open(), two.b.open()];
    await turn();
    const fill = async (): Promise<void> => {
      await writer.cache.set('k', 'old');
      await writer.cache.set('other', 'kept');
      await two.clock.advance(BUS_MS + MACHINE_MS);
      for (const key of ['k', 'other']) {
        await reader.cache.getOrLoad(key, () => (key === 'k' ? 'old' : 'kept'));
      }
      await turn();
    };
    await fill();
    return { ...two, writer: writer.cache, reader: reader.cache, recorder: reader.recorder, fill };
  }

  test.each(all)('%s on one is heard by the other', async (name, invalidate) => {
    const { clock, writer, reader } = await setUp();
    expect(reader.peek('k')).toBe('old');
    expect(await invalidate(writer)).toEqual(name === 'set' ? undefined : { pending: false });
    await clock.advance(MACHINE_MS);
    expect(reader.peek('k')).toBeUndefined();
    expect(await reader.get('k')).toBe(name === 'set' && shares ? 'set' : undefined);
    expect(reader.peek('other')).toBe(name === 'clear' || name === 'softClear' ? undefined : 'kept');
  });

  test.each(all)('%s is heard when it is delivered, however late that is', async (_, invalidate) => {
    const { clock, bus, b, writer, reader } = await setUp();
    bus.delayMs = BUS_MS;
    await invalidate(writer);
    await clock.advance(BUS_MS - 1);
    expect(reader.peek('k')).toBe('old'); // Control: it is the message that does it.
    await clock.advance(1 + MACHINE_MS);
    expect(reader.peek('k')).toBeUndefined();
    expect(await reader.get('k')).not.toBe('old');
    expect(await b.open().cache.get('k')).not.toBe('old');
  });

  test.each(all)('%s on one voids a load in flight on the other', async (_, invalidate) => {
    const { clock, writer, reader, b } = await setUp();
    await reader.delete('k');
    await clock.advance(MACHINE_MS);
    const { result, door } = await heldLoad(reader, 'read before');
    await invalidate(writer);
    await clock.advance(MACHINE_MS);
    const after = reader.getOrLoad('k', () => 'new');
    await turn();
    door.open();
    expect(await result).toBe('read before');
    expect(await after).not.toBe('read before');
    await turn();
    expect(reader.peek('k')).not.toBe('read before');
    expect(await b.open().cache.get('k')).not.toBe('read before');
  });

  test('a load in flight of what is not named goes on', async () => {
    const { clock, writer, reader } = await setUp();
    await reader.delete('k');
    await clock.advance(MACHINE_MS);
    const { result, door } = await heldLoad(reader, 'value');
    await writer.delete('x');
    await writer.invalidateTags('of nobody');
    await clock.advance(MACHINE_MS);
    const joined = reader.getOrLoad('k', down);
    door.open();
    expect(await Promise.all([result, joined])).toEqual(['value', 'value']);
    await turn();
    expect(reader.peek('k')).toBe('value');
  });

  test.each(softly)('after %s on one the other serves the value only if its loader fails', async (_, soften) => {
    const { clock, writer, reader } = await setUp();
    await soften(writer);
    await clock.advance(MACHINE_MS);
    expect(reader.peek('k')).toBeUndefined();
    expect(await reader.get('k')).toBeUndefined();
    expect(await reader.getOrLoad('k', down)).toBe('old');
    expect(await reader.getOrLoad('k', () => 'new')).toBe('new');
    expect(await reader.getOrLoad('k', down)).toBe('new');
  });

  test.each([0, BUS_MS])('its own messages, %d ms late, do not harm what was set or loaded since', async (delayMs) => {
    const { clock, bus, a, writer, reader } = await setUp();
    bus.delayMs = delayMs;
    await writer.set('k', 'set');
    await writer.delete('loaded');
    await writer.softInvalidate('softened');
    for (const key of ['loaded', 'softened']) await writer.getOrLoad(key, () => 'since');
    await clock.advance(BUS_MS + MACHINE_MS);
    expect(reader.peek('k')).toBeUndefined(); // Control: the messages have been delivered.
    expect(writer.peek('k')).toBe('set');
    for (const key of ['loaded', 'softened']) expect(writer.peek(key)).toBe('since');
    const next = a.open().cache;
    expect(await next.get('k')).toBe(shares ? 'set' : undefined);
    expect(await next.get('loaded')).toBe(shares ? 'since' : undefined);
  });

  test('both set the same key: nobody keeps what the other’s message has voided', async () => {
    const { clock, bus, writer, reader } = await setUp();
    bus.delayMs = BUS_MS;
    await writer.set('k', 'first');
    await clock.advance(10);
    await reader.set('k', 'second');
    await clock.advance(BUS_MS + MACHINE_MS);
    expect(writer.peek('k')).toBeUndefined();
    expect(await writer.get('k')).toBe(shares ? 'second' : undefined);
    expect(await reader.get('k')).toBe(shares ? 'second' : undefined);
  });

  test('other caches on the same bus hear nothing of it', async () => {
    const { clock, writer, b } = await setUp();
    const others = [{ name: 'm' }, { scope: 'evil' }, { prefix: 'p' }].map((more) => b.open(more).cache);
    await turn();
    for (const other of others) await other.set('k', 'kept');
    for (const [, invalidate] of all) await invalidate(writer);
    await clock.advance(MACHINE_MS);
    for (const other of others) expect(other.peek('k')).toBe('kept');
  });

  describe('a gap', () => {
    test('empties caches whose entries can become stale, and no others', async () => {
      const { clock, bus, b, reader } = await setUp();
      const immutable = b.open({ name: 'phrases', immutable: true }).cache;
      await turn();
      await immutable.set('k', 'for ever');
      bus.inner.gap();
      await clock.advance(MACHINE_MS);
      expect(b.told.of('gap').length).toBeGreaterThan(0);
      for (const key of ['k', 'other']) expect(reader.peek(key)).toBeUndefined();
      expect(immutable.peek('k')).toBe('for ever');
      const next = b.open({ name: 'phrases', immutable: true }).cache;
      expect(await next.get('k')).toBe(shares ? 'for ever' : undefined);
    });

    test('voids loads in flight, but not those of immutable caches', async () => {
      const { clock, bus, b, reader } = await setUp();
      await reader.delete('k');
      const immutable = b.open({ name: 'phrases', immutable: true }).cache;
      await turn();
      const [mutableLoad, immutableLoad] = [await heldLoad(reader, 'old'), await heldLoad(immutable, 'for ever')];
      bus.inner.gap();
      await clock.advance(MACHINE_MS);
      const [after, joined] = [reader.getOrLoad('k', () => 'new'), immutable.getOrLoad('k', down)];
      await turn();
      mutableLoad.door.open();
      immutableLoad.door.open();
      expect(await after).toBe('new');
      expect(await joined).toBe('for ever');
      expect(await mutableLoad.result).toBe('old');
      await turn();
      expect(reader.peek('k')).toBe('new');
      expect(immutable.peek('k')).toBe('for ever');
    });
  });

  test('close() ends everything', async () => {
    const { clock, bus, a, b } = await setUp();
    await clock.advance(3000);
    expect(clock.pending).toBeGreaterThan(0); // Control: somebody was at work.
    await Promise.all([a.close(), b.close()]);
    expect(clock.pending).toBe(0);
    let heard = 0;
    await bus.inner.subscribe(
      () => heard++,
      () => {},
    );
    await clock.advance(60_000);
    expect(heard).toBe(0);
  });
});

test('a machine hears of it only when the cluster they share is right', async () => {
  const { clock, cluster, a, b } = await hearers('machines');
  const reader = b.open().cache;
  await a.open().cache.set('k', 'old');
  await clock.advance(MACHINE_MS);
  expect(await reader.get('k')).toBe('old');
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  const slow = wrapTier(cluster, { invalidate: (what) => opened.then(() => cluster.invalidate(what)) });
  const deleting = a.open({ tiers: [slow] }).cache.delete('k');
  await clock.advance(MACHINE_MS);
  expect(reader.peek('k')).toBe('old');
  open();
  await deleting;
  await clock.advance(MACHINE_MS);
  expect(reader.peek('k')).toBeUndefined();
  expect(await reader.getOrLoad('k', () => 'new')).toBe('new');
});
