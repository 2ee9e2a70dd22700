import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, test } from 'vitest';
import type { EntryRef, SharedTier } from './index.ts';
import { createKeyspace, MemorySharedTier } from './index.ts';
import { down, LEVELS, openLevels, SHARED_LEVELS } from './levels.fixture.ts';
import { FakeClock } from './testing/index.ts';
import { gate, Recorder, turn, wrapTier } from './tier.fixture.ts';

/** Within this time every process on a machine has heard of an invalidation. */
const MACHINE_MS = 5;

/** `agent 1` has the tags `agents` and `tag of agent 1`; what does not begin with `agent` has none. */
const tagsOf = (key: string): string[] => (key.startsWith('agent') ? ['agents', `tag of ${key}`] : []);
const numbered = (count: number): string[] => Array.from({ length: count }, (_, id) => `tag ${id}`);

describe.each(LEVELS.map((levels) => ({ levels })))('over $levels', ({ levels }) => {
  const isShared = levels.length > 0;

  test('invalidateTags drops what carries one of them, and nothing else', async () => {
    const { open } = openLevels(levels, { tagsOf });
    for (const [tags, gone] of [
      [['agents'], ['agent 1', 'agent 2']],
      [['tag of agent 1'], ['agent 1']],
      [['unknown', 'tag of agent 2'], ['agent 2']],
      [
        ['tag of agent 1', 'tag of agent 2'],
        ['agent 1', 'agent 2'],
      ],
      [['unknown'], []],
      [[], []],
    ] as const) {
      const { cache } = open();
      const keys = ['agent 1', 'agent 2', 'other'];
      for (const key of keys) await cache.set(key, key);
      expect(await cache.invalidateTags(...tags)).toEqual({ pending: false });
      const left = new Map(keys.filter((key) => !gone.some((one) => one === key)).map((key) => [key, key]));
      for (const key of keys) expect(cache.peek(key)).toBe(left.get(key));
      expect(await cache.getMany(keys)).toEqual(left);
      expect(await open().cache.getMany(keys)).toEqual(isShared ? left : new Map());
      expect(await cache.getOrLoad('agent 1', () => 'new')).toBe(left.get('agent 1') ?? 'new');
      await cache.clear();
    }
  });

  test.each([
    ['set', (cache: Opened, tags: string[]) => cache.set('k', 'old', { tags })],
    ['getOrLoad', (cache: Opened, tags: string[]) => cache.getOrLoad('k', () => 'old', { tags })],
    [
      'getOrLoadMany',
      (cache: Opened, tags: string[]) => cache.getOrLoadMany(['k'], () => new Map([['k', 'old']]), { tags }),
    ],
  ])('tags of one call of %s count besides those of tagsOf', async (_, store) => {
    const { open } = openLevels(levels, { tagsOf: () => ['always'] });
    for (const tag of ['always', 'a', 'b', 'none of its own']) {
      const { cache } = open();
      await store(cache, ['a', 'b']);
      await turn();
      expect(cache.peek('k')).toBe('old');
      await cache.invalidateTags(tag);
      const isGone = tag !== 'none of its own';
      expect(cache.peek('k')).toBe(isGone ? undefined : 'old');
      const load = (): Promise<unknown> => open().cache.getOrLoad('k', () => 'new', { tags: ['b', 'a'] });
      expect(await load()).toBe(isGone || !isShared ? 'new' : 'old');
      await cache.clear();
    }
  });

  test('an entry has the tags it was last stored with', async () => {
    const { open } = openLevels(levels);
    const { cache } = open();
    await cache.set('k', 1, { tags: ['first'] });
    await cache.set('k', 2, { tags: ['second'] });
    await cache.invalidateTags('first');
    expect(cache.peek('k')).toBe(2);
    await cache.invalidateTags('second');
    expect(cache.peek('k')).toBeUndefined();
    await expect(open().cache.getOrLoad('k', down, { tags: ['second'] })).rejects.toThrow('source down');
  });

  test('a key and a tag of the same text do not name each other', async () => {
    const { open } = openLevels(levels, { tagsOf: (key) => (key === 'tagged' ? ['same'] : []) });
    const { cache } = open();
    await cache.set('same', 'key');
    await cache.set('tagged', 'tag');
    await cache.delete('same');
    expect(cache.peek('tagged')).toBe('tag');
    expect(await cache.get('same')).toBeUndefined();
    await cache.set('same', 'key');
    await cache.invalidateTags('same');
    expect(cache.peek('same')).toBe('key');
    expect(await cache.get('tagged')).toBeUndefined();
    const found = await open().cache.getMany(['same', 'tagged']);
    expect(found).toEqual(new Map(isShared ? [['same', 'key']] : []));
  });

  test.each([{ name: 'm' }, { scope: 'evil' }, { prefix: 'p' }])('tags of %j are others', async (more) => {
    const { clock, open } = openLevels(levels, { tagsOf });
    const [cache, other] = [open().cache, open(more).cache];
    for (const each of [cache, other]) await each.set('agent 1', 'kept');
    await other.invalidateTags('agents', 'tag of agent 1');
    await other.softInvalidateTags('agents');
    await clock.advance(MACHINE_MS);
    expect(other.peek('agent 1')).toBeUndefined(); // Control.
    expect(cache.peek('agent 1')).toBe('kept');
    expect(await open().cache.get('agent 1')).toBe(isShared ? 'kept' : undefined);
  });

  test('a load in flight is not joined any more, and what it brings is stored nowhere', async () => {
    const { open } = openLevels(levels, { tagsOf });
    for (const [key, options, tag] of [
      ['agent 1', {}, 'agents'],
      ['k', { tags: ['a', 'b'] }, 'b'],
    ] as const) {
      const { cache } = open();
      const door = gate();
      const result = cache.getOrLoad(key, () => door.pass().then(() => 'old'), options);
      await door.reached;
      await cache.invalidateTags('unknown');
      const joined = cache.getOrLoad(key, () => 'never', options);
      await cache.invalidateTags(tag);
      const after = cache.getOrLoad(key, () => 'new', options);
      door.open();
      expect(await Promise.all([result, joined, after])).toEqual(['old', 'old', 'new']);
      await turn();
      expect(cache.peek(key)).toBe('new');
      expect(cache.stats()).toMatchObject({ refusedWrites: { invalidated: 1 }, loading: 0 });
      expect(await open().cache.getOrLoad(key, () => 'lost', options)).toBe(isShared ? 'new' : 'lost');
    }
  });

  test('an entry may have 255 tags', async () => {
    const { open } = openLevels(levels);
    const { cache } = open();
    await cache.set('k', 'v', { tags: numbered(255) });
    const next = open().cache.getOrLoad('k', () => 'lost', { tags: numbered(255) });
    expect(await next).toBe(isShared ? 'v' : 'lost');
    await cache.invalidateTags('tag 254');
    expect(cache.peek('k')).toBeUndefined();
  });
});

type Opened = ReturnType<ReturnType<typeof openLevels>['open']>['cache'];

describe.each(SHARED_LEVELS.map((levels) => ({ levels })))('over $levels', ({ levels }) => {
  test(`an invalidation by tag is heard by every process of the machine within ${MACHINE_MS} ms`, async () => {
    const { clock, open } = openLevels(levels, { tagsOf });
    const [writer, reader] = [open().cache, open().cache];
    await writer.set('agent 1', 'old');
    await writer.set('other', 'kept');
    await reader.set('call', 'old', { tags: ['agents'] });
    for (const key of ['agent 1', 'other']) expect(await reader.get(key)).toBe(key === 'other' ? 'kept' : 'old');
    const door = gate();
    const held = reader.getOrLoad('agent 2', () => door.pass().then(() => 'old'));
    await door.reached;
    await writer.invalidateTags('agents');
    await clock.advance(MACHINE_MS);
    expect(reader.peek('agent 1')).toBeUndefined();
    expect(reader.peek('call')).toBeUndefined();
    expect(reader.peek('other')).toBe('kept');
    const after = reader.getOrLoad('agent 2', () => 'new');
    door.open();
    expect(await Promise.all([held, after])).toEqual(['old', 'new']);
    await turn();
    expect(reader.peek('agent 2')).toBe('new');
    expect(await open().cache.get('agent 2')).toBe('new');
  });

  test('a write-back that arrives after it is not valid', async () => {
    const { tiers, open } = openLevels(levels, { tagsOf });
    for (const invalidated of [false, true]) {
      const arriving = gate();
      const slow = tiers.map((tier) =>
        wrapTier(tier, { write: (...args) => arriving.pass().then(() => tier.write(...args)) }),
      );
      const key = `agent ${String(invalidated)}`;
      expect(await open({ tiers: slow }).cache.getOrLoad(key, () => 'old')).toBe('old');
      await arriving.reached;
      if (invalidated) await open().cache.invalidateTags(`tag of ${key}`);
      arriving.open();
      await turn();
      for (const tier of tiers) {
        expect(await open({ tiers: [tier] }).cache.get(key)).toBe(invalidated ? undefined : 'old');
      }
    }
  });

  test.each(['get', 'getMany', 'warm', 'getOrLoad'] as const)(
    'what %s has read just before it is promoted nowhere',
    async (method) => {
      const { tiers, open } = openLevels(levels, { tagsOf });
      const last = tiers.at(-1)!;
      await open({ tiers: [last] }).cache.set('agent 1', 'old');
      const door = gate();
      const late = wrapTier(last, {
        read: async (entries) => {
          const answer = await last.read(entries);
          await door.pass();
          return answer;
        },
      });
      const { cache, recorder } = open({ tiers: [...tiers.slice(0, -1), late] });
      const reading =
        method === 'getOrLoad' ? cache.getOrLoad('agent 1', () => 'new')
        : method === 'get' ? cache.get('agent 1')
        : cache[method](['agent 1']); // prettier-ignore
      await door.reached;
      await open().cache.invalidateTags('agents');
      door.open();
      await reading;
      await turn();
      expect(cache.peek('agent 1')).not.toBe('old');
      expect(await open().cache.get('agent 1')).not.toBe('old');
      expect(recorder.of('refused-write').map(({ reason }) => reason)).toContain('invalidated');
    },
  );

  test('tagsOf lets get, getMany and warm find what is tagged; tags of one call only getOrLoad with them', async () => {
    const { open } = openLevels(levels, { tagsOf });
    const { cache } = open();
    await cache.set('agent 1', 'v');
    await cache.set('k', 'v', { tags: ['a'] });
    expect(await open().cache.get('agent 1')).toBe('v');
    expect(await open().cache.getMany(['agent 1', 'k'])).toEqual(new Map([['agent 1', 'v']]));
    expect(await open().cache.warm(['agent 1', 'k'])).toBe(1);
    expect(await open().cache.getOrLoad('k', down, { tags: ['a'] })).toBe('v');
    expect(await open().cache.getOrLoad('k', () => 'new', { tags: ['b'] })).toBe('new');
  });

  test('a tag whose stamp was forgotten makes a miss, and stays one when it has a new stamp', async () => {
    const clock = new FakeClock();
    const tier = new MemorySharedTier({ clock, maxStamps: 8 });
    const { open } = openLevels(levels, { clock, tiers: [tier], tagsOf });
    await open().cache.set('agent 1', 'old');
    for (let id = 0; id < 20; id++) await open().cache.getOrLoad(`${id}`, () => id);
    expect(await open().cache.get('agent 1')).toBeUndefined();
    await open().cache.getOrLoad('agent 2', () => 'makes the stamp of agents');
    expect(await open().cache.get('agent 1')).toBeUndefined();
  });

  test('with more than 255 tags a value is returned, told, and not stored where it could not be invalidated', async () => {
    const { open } = openLevels(levels);
    const { cache, recorder } = open();
    const tags = numbered(256);
    expect(await cache.getOrLoad('k', () => 'v', { tags })).toBe('v');
    await turn();
    const told = [...recorder.of('refused-write'), ...recorder.of('tier-error')];
    expect(told.length).toBeGreaterThan(0);
    expect(await open().cache.getOrLoad('k', () => 'new', { tags })).toBe('new');
    await cache.invalidateTags('tag 255');
    expect(cache.peek('k')).toBeUndefined();
  });

  test('too many tags are not the fault of the tier, which goes on being used', async () => {
    const { open } = openLevels(levels);
    const { cache, recorder } = open();
    const keys = Array.from({ length: 10 }, (_, id) => `many ${id}`);
    const load = (): Map<string, unknown> => new Map(keys.map((key) => [key, 'v']));
    expect((await cache.getOrLoadMany(keys, load, { tags: numbered(256) })).size).toBe(10);
    await turn();
    expect(recorder.of('breaker')).toEqual([]);
    await cache.set('k', 'v');
    expect(await open().cache.get('k')).toBe('v');
  });
});

test('no text of a tag is at rest, sent, or told', async () => {
  const secret = 'caller +49 151 2345678';
  const clock = new FakeClock();
  const seen: unknown[] = [];
  const spy = (tier: SharedTier): SharedTier =>
    wrapTier(tier, {
      read: (entries) => (seen.push(entries), tier.read(entries)),
      begin: (ref, options) => (seen.push(ref), tier.begin(ref, options)),
      write: (ref, frame, options) => (
        seen.push(ref, Buffer.from(frame).toString('latin1')),
        tier.write(ref, frame, options)
      ),
      invalidate: (invalidation) => (seen.push(invalidation), tier.invalidate(invalidation)),
    });
  const told = (message: unknown): void => void seen.push(message);
  subscribe('warmline:cache', told);
  const recorder = new Recorder();
  const { open } = openLevels([], { clock, tagsOf: () => [secret], onEvent: recorder.onEvent });
  const { cache } = open({ tiers: [spy(new MemorySharedTier({ clock }))] });
  await cache.set('k', 'v', { tags: [`${secret} again`] });
  await cache.getOrLoad('l', () => 'v');
  await turn();
  await cache.invalidateTags(secret);
  await cache.softInvalidateTags(`${secret} again`);
  unsubscribe('warmline:cache', told);
  const text = JSON.stringify([seen, recorder.events], (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  expect(text).toContain(createKeyspace({ name: 'n' }).tagOf(secret)); // Control: this is where it would be.
  expect(recorder.of('invalidation')).toHaveLength(2);
  for (const part of [secret, '2345678', Buffer.from(secret).toString('hex')]) expect(text).not.toContain(part);
  expect(
    seen.filter((one): one is EntryRef => typeof one === 'object' && one !== null && 'tags' in one).length,
  ).toBeGreaterThan(0);
});
