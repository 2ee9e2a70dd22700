import { MemoryBus, MemorySharedTier } from '@warmline/cache-core';
import type { Bus, CacheEvent, EntryRef, WriteOptions } from '@warmline/cache-core';
import { FakeClock } from '@warmline/cache-core/testing';
import { describe, expect, test } from 'vitest';
import { VoiceKnowledgeService } from './index.ts';
import type { KnowledgeOptions } from './index.ts';
import { FakeSource, queryOf } from './source.fixture.ts';

const MINUTE_MS = 60_000;

function open(more: Partial<KnowledgeOptions> = {}) {
  const source = new FakeSource();
  const clock = new FakeClock();
  const events: CacheEvent[] = [];
  const service = new VoiceKnowledgeService({ source, clock, onEvent: (event) => events.push(event), ...more });
  const textOf = async (query = queryOf()): Promise<string | undefined> => (await service.search(query))[0]?.text;
  return { source, clock, events, service, textOf };
}

function tick(): Promise<void> {
  return new Promise(setImmediate);
}

test('one search for a thousand who ask at once, and none for who asks later', async () => {
  const { source, service } = open();
  const { promise, resolve } = Promise.withResolvers<void>();
  source.gate = promise;
  const asked = Array.from({ length: 1_000 }, () => service.search(queryOf()));
  await tick();
  resolve();
  const answers = await Promise.all(asked);
  expect(new Set(answers.map((answer) => answer[0]?.text))).toEqual(new Set(['Answer 1 to When do you open?']));
  await service.search(queryOf());
  expect(source.asked).toHaveLength(1);
  expect(service.getStats()).toMatchObject({ hits: 1, shared: 999, searches: 1, hitRate: 1_000 / 1_001, results: 1 });
});

test('several processes that share a tier search once, also when they ask at the same time', async () => {
  const tier = new MemorySharedTier();
  const source = new FakeSource();
  const services = Array.from(
    { length: 8 },
    () => new VoiceKnowledgeService({ source, tiers: [tier], tierBudgetMs: 1_000 }),
  );
  const { promise, resolve } = Promise.withResolvers<void>();
  source.gate = promise;
  const asked = services.flatMap((service) => Array.from({ length: 125 }, () => service.search(queryOf())));
  await new Promise((done) => setTimeout(done, 50));
  resolve();
  expect(await Promise.all(asked)).toHaveLength(1_000);
  expect(source.asked).toHaveLength(1);
});

test('another wording of the same question is a hit; the source has the first one', async () => {
  const { source, service } = open();
  await service.search(queryOf({ text: 'Hi, can you tell me when you open?' }));
  await service.search(queryOf({ text: 'When you open, please?' }));
  expect(source.asked.map(({ text }) => text)).toEqual(['Hi, can you tell me when you open?']);
});

test.each([
  { level: 'exact', searches: 3 },
  { level: 'normalised', searches: 2 },
  { level: 'strong', searches: 1 },
] as const)('at level $level three wordings cost $searches searches', async ({ level, searches }) => {
  const { source, service } = open({ level });
  for (const text of ['How do I block the card?', 'how do i block the card', 'how can I block card'])
    await service.search(queryOf({ text }));
  expect(source.asked).toHaveLength(searches);
});

describe('how long a result is kept', () => {
  test.each([
    { profile: 'low', minutes: 5 },
    { profile: 'high', minutes: 30 },
  ] as const)('$minutes minutes with the profile $profile', async ({ profile, minutes }) => {
    const { source, clock, textOf } = open({ profile });
    await textOf();
    source.version = 2;
    await clock.advance(minutes * MINUTE_MS - 1);
    expect(await textOf()).toContain('Answer 1');
    await clock.advance(1);
    expect(await textOf()).toContain('Answer 2');
  });

  test.each([
    { profile: 'low', count: 500 },
    { profile: 'high', count: 2_000 },
  ] as const)(
    'about $count results of five passages fit into the process with the profile $profile',
    async ({ profile, count }) => {
      const { source, service } = open({ profile });
      source.found = 5;
      source.more = 'x'.repeat(1_400);
      for (let index = 0; index < count * 1.3; index++) await service.search(queryOf({ text: `Question ${index}` }));
      expect(service.getStats().results / count).toBeGreaterThan(0.9);
      expect(service.getStats().results / count).toBeLessThan(1.2);
    },
  );

  test('an empty one for 10 seconds, also when the source fails then', async () => {
    const { source, clock, service } = open();
    source.found = 0;
    expect(await service.search(queryOf())).toEqual([]);
    await clock.advance(9_999);
    expect(await service.search(queryOf())).toEqual([]);
    expect(source.asked).toHaveLength(1);
    await clock.advance(1);
    source.error = new Error('down');
    await expect(service.search(queryOf())).rejects.toBe(source.error);
  });

  test('an hour longer if the source fails, but not when it is only slow', async () => {
    const { source, clock, textOf, service } = open();
    await textOf();
    await clock.advance(5 * MINUTE_MS);
    source.error = new Error('down');
    expect(await textOf()).toContain('Answer 1');
    expect(service.getStats()).toMatchObject({ failed: 1, stale: 1 });
    source.error = undefined;
    source.version = 2;
    const { promise, resolve } = Promise.withResolvers<void>();
    source.gate = promise;
    const slow = textOf();
    await clock.advance(2_000);
    resolve();
    expect(await slow).toContain('Answer 2');
    await clock.advance(65 * MINUTE_MS);
    source.error = new Error('down');
    await expect(textOf()).rejects.toBe(source.error);
  });
});

test('an error reaches those who waited for it, untouched, and nobody after them', async () => {
  const { source, textOf } = open();
  source.error = new Error('down');
  const asked = await Promise.allSettled([textOf(), textOf(), textOf()]);
  expect(asked.map((answer) => answer.status === 'rejected' && answer.reason)).toEqual([
    source.error,
    source.error,
    source.error,
  ]);
  expect(source.asked).toHaveLength(1);
  source.error = undefined;
  expect(await textOf()).toContain('Answer 1');
  expect(source.asked).toHaveLength(2);
});

test('a search that takes too long is told to stop and its callers told so; the next one searches anew', async () => {
  const { source, clock, textOf } = open();
  source.gate = new Promise(() => {});
  const late = textOf();
  late.catch(() => {});
  await clock.advance(4_999);
  expect(source.signals[0]?.aborted).toBe(false);
  await clock.advance(1);
  await expect(late).rejects.toMatchObject({ code: 'ERR_CACHE_LOAD_TIMEOUT' });
  expect(source.signals[0]?.reason).toMatchObject({ name: 'TimeoutError' });
  source.gate = undefined;
  expect(await textOf()).toContain('Answer 1');
});

test('a search is told to stop when all who waited have left', async () => {
  const { source, service } = open();
  source.gate = new Promise(() => {});
  const caller = new AbortController();
  const left = service.search(queryOf(), { signal: caller.signal });
  await tick();
  caller.abort(new Error('hung up'));
  await expect(left).rejects.toThrow('hung up');
  expect(source.signals[0]?.aborted).toBe(true);
});

describe('an invalidation', () => {
  test('of an organisation concerns all of its agents and no other organisation', async () => {
    const { source, service, textOf } = open();
    const others = [queryOf({ agentId: 'night' }), queryOf({ organizationId: 'other' })] as const;
    for (const query of [queryOf(), ...others]) await service.search(query);
    source.version = 2;
    await service.invalidateCache('acme');
    expect([await textOf(), await textOf(others[0]), await textOf(others[1])]).toEqual([
      expect.stringContaining('Answer 2'),
      expect.stringContaining('Answer 2'),
      expect.stringContaining('Answer 1'),
    ]);
    await service.invalidateAllCaches();
    expect(await textOf(others[1])).toContain('Answer 2');
  });

  test('is obeyed by other processes, over a tier and over a bus', async () => {
    const bus = new MemoryBus();
    const [one, other] = [open({ bus }), open({ bus })];
    await other.textOf();
    other.source.version = 2;
    await one.service.invalidateCache('acme');
    expect(await other.textOf()).toContain('Answer 2');
    const tiers = [new MemorySharedTier()];
    const [third, fourth, fifth] = [open({ tiers }), open({ tiers }), open({ tiers })];
    for (const { source } of [fourth, fifth]) source.version = 2;
    await third.textOf();
    await third.service.close();
    expect(await fourth.textOf()).toContain('Answer 1');
    await open({ tiers }).service.invalidateCache('acme');
    expect(await fifth.textOf()).toContain('Answer 2');
    expect([fourth.source.asked.length, fifth.source.asked.length]).toEqual([0, 1]);
  });

  test('comes by a change feed, which also speaks of other things', async () => {
    const { source, service, textOf } = open();
    await textOf();
    source.version = 2;
    await service.applyChange({ kind: 'agent', organizationId: 'acme' });
    expect(await textOf()).toContain('Answer 1');
    await service.applyChange({ kind: 'knowledge', organizationId: 'acme' });
    expect(await textOf()).toContain('Answer 2');
  });

  test('of everything comes by a gap of the feed', async () => {
    const { source, service, textOf } = open();
    await textOf();
    source.version = 2;
    await service.applyGap();
    expect(await textOf()).toContain('Answer 2');
  });

  test('that a feed tells is not passed on to other machines, that of the application is', async () => {
    const published: unknown[] = [];
    const bus: Bus = {
      publish: async (invalidation) => void published.push(invalidation),
      subscribe: async () => async () => {},
    };
    const { service } = open({ tiers: [new MemorySharedTier()], bus });
    await service.applyChange({ kind: 'knowledge', organizationId: 'acme' });
    await service.applyGap();
    expect(published).toEqual([]);
    await service.invalidateCache('acme');
    expect(published).toHaveLength(1);
    await service.close();
  });

  test('overtakes a search that has begun: its result is not kept, and who comes later does not wait for it', async () => {
    const { source, service, textOf, events } = open({ tiers: [new MemorySharedTier()] });
    const { promise, resolve } = Promise.withResolvers<void>();
    source.gate = promise;
    const early = textOf();
    await tick();
    expect(source.asked).toHaveLength(1);
    source.version = 2;
    await service.invalidateCache('acme');
    source.gate = undefined;
    expect(await textOf()).toContain('Answer 2');
    resolve();
    expect(await early).toContain('Answer 1');
    expect(await textOf()).toContain('Answer 2');
    expect(events).toContainEqual(expect.objectContaining({ type: 'refused-write' }));
  });

  test('leaves no older result for the case that the source fails', async () => {
    const { source, service, textOf } = open();
    await textOf();
    await service.invalidateCache('acme');
    source.error = new Error('down');
    await expect(textOf()).rejects.toBe(source.error);
  });
});

test('while the source is not watched a result is used for seconds only', async () => {
  let watched = true;
  const { source, clock, textOf } = open({ isWatched: () => watched, unwatchedTtl: 5_000 });
  await textOf();
  source.version = 2;
  await clock.advance(MINUTE_MS);
  expect(await textOf()).toContain('Answer 1');
  watched = false;
  await clock.advance(10);
  expect(await textOf()).toContain('Answer 2');
});

test('nothing of a question is in a key at rest, an event or an error message', async () => {
  const seen: string[] = [];
  class SpyTier extends MemorySharedTier {
    override async read(entries: readonly EntryRef[]) {
      seen.push(JSON.stringify(entries));
      return super.read(entries);
    }
    override async write(ref: EntryRef, frame: Uint8Array, options: WriteOptions) {
      seen.push(JSON.stringify(ref));
      return super.write(ref, frame, options);
    }
  }
  const { source, service, events } = open({ tiers: [new SpyTier()] });
  source.search = async () => [];
  const text = 'Is Zephyrine Quux of 4111-2222 in arrears?';
  await service.search(queryOf({ text, organizationId: 'quux-gmbh' }));
  await service.search(queryOf({ text }));
  const failures = await Promise.allSettled([
    service.search(queryOf({ text, limit: 0 })),
    service.search(queryOf({ text, language: '' })),
    service.search(queryOf({ text: [text] as unknown as string })),
    service.search(queryOf({ text, filters: { since: Number.NaN } })),
    service.search(queryOf({ text, filters: { since: new Map() as never } })),
  ]);
  expect(failures.map(({ status }) => status)).toEqual(Array(5).fill('rejected'));
  await service.invalidateCache('quux-gmbh');
  await service.close();
  const told = JSON.stringify([
    seen,
    events,
    failures.map((failure) => String((failure as PromiseRejectedResult).reason)),
  ]);
  expect(seen.length).toBeGreaterThan(2);
  expect(events.length).toBeGreaterThan(2);
  expect(told).not.toMatch(/zephyrine|quux|4111|arrears/iu);
});

describe('bad input is a TypeError that names the field, the value and what is allowed', () => {
  test.each([
    [{ text: '' }, 'text must be a non-empty string, got white space or nothing'],
    [{ text: ' \n' }, 'text must be a non-empty string, got white space or nothing'],
    [{ text: undefined as never }, 'text must be a non-empty string, got undefined'],
    [{ organizationId: '' }, 'organizationId must be a non-empty string, got ""'],
    [{ agentId: 7 as never }, 'agentId must be a non-empty string, got 7'],
    [{ limit: 0 }, 'limit must be a whole number from 1, got 0'],
    [{ limit: 2.5 }, 'limit must be a whole number from 1, got 2.5'],
    [{ limit: Number.NaN }, 'limit must be a whole number from 1, got NaN'],
    [{ language: '' }, 'language must be a non-empty string, got ""'],
    [{ knowledgeBaseIds: 'kb' as never }, 'knowledgeBaseIds must be a list of strings, got string'],
    [{ knowledgeBaseIds: ['kb', ''] }, 'knowledgeBaseIds[1] must be a non-empty string, got ""'],
    [
      { knowledgeBaseVersion: Number.NaN },
      'knowledgeBaseVersion must be a non-empty string or a finite number, got NaN',
    ],
    [{ filters: { since: Number.POSITIVE_INFINITY } }, 'key.filters.since must be a finite number, got Infinity'],
    [
      { filters: { since: (() => 1) as never } },
      /filters\.since must be a string, number, boolean, null, array or plain object, got function/,
    ],
  ])('%j', async (more, message) => {
    const { service, source } = open();
    const failed = service.search(queryOf(more));
    await expect(failed).rejects.toThrow(TypeError);
    await expect(failed).rejects.toThrow(message);
    expect(source.asked).toEqual([]);
  });

  test.each([
    [{ level: 'fuzzy' as never }, 'level must be one of exact, normalised, strong, got "fuzzy"'],
    [{ profile: 'mid' as never }, 'profile must be one of low, high, got "mid"'],
    [{ timeoutMs: 0 }, 'timeoutMs must be a number of milliseconds above 0'],
    [{ emptyTtl: Number.POSITIVE_INFINITY }, 'emptyTtl must be a number of milliseconds above 0'],
    [{ ttl: -1 }, 'ttl must be a number above 0, got -1'],
  ])('an option: %j', (more, message) => {
    expect(() => open(more)).toThrow(TypeError);
    expect(() => open(more)).toThrow(message);
  });

  test('a source that returns no list', async () => {
    const { service, source } = open();
    source.search = async () => ({}) as never;
    await expect(service.search(queryOf())).rejects.toThrow(
      "the source's search must return a list of passages, got object",
    );
  });
});

test('what is not in the key does not reach the source, and what the caller changes afterwards neither', async () => {
  const { source, service } = open({ tiers: [new MemorySharedTier()] });
  const filters = { city: 'Pune' };
  const query = { ...queryOf({ filters, knowledgeBaseIds: ['b', 'a'] }), topic: 'hours' };
  const asked = service.search(query);
  filters.city = 'Delhi';
  await asked;
  expect(source.asked).toEqual([{ ...queryOf(), knowledgeBaseIds: ['b', 'a'], filters: { city: 'Pune' } }]);
});
