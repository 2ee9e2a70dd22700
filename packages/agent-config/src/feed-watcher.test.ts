import { FakeClock } from '@warmline/cache-core/testing';
import { afterEach, expect, test } from 'vitest';
import type { Change } from './change-feed.ts';
import { FeedWatcher } from './feed-watcher.ts';
import type { FeedWatcherOptions } from './feed-watcher.ts';
import { changeOf, FeedFixture, RecordFixture } from './feed.fixture.ts';
import type { WatchEvent } from './watch-event.ts';

const open: FeedWatcher[] = [];
afterEach(async () => {
  for (const watcher of open.splice(0)) void watcher.close();
});

function setUp({ position, ...options }: { position?: bigint } & Partial<FeedWatcherOptions> = {}) {
  const clock = new FakeClock();
  const feed = new FeedFixture();
  const record = new RecordFixture(clock);
  record.position = position;
  const applied: (string[] | 'gap')[] = [];
  const events: WatchEvent[] = [];
  const watch = (): FeedWatcher => {
    const watcher = new FeedWatcher({
      feed,
      record,
      clock,
      onChanges: async (changes: readonly Change[]) => void applied.push(changes.map(({ id }) => id)),
      onGap: async () => void applied.push('gap'),
      onEvent: (event) => events.push(event),
      ...options,
    });
    open.push(watcher);
    return watcher;
  };
  return { clock, feed, record, applied, events, watch };
}

test('a first look doubts everything, and then vouches', async () => {
  const { clock, feed, record, applied, events, watch } = setUp();
  feed.commits = [changeOf(1), changeOf(2)];
  record.liveUntilMs = clock.now() + 4_000;
  watch();
  await clock.advance(0);
  // What another watcher has vouched for is over.
  expect(record.writes).toEqual([{ liveForMs: 0 }]);
  feed.hand();
  await clock.advance(100);
  expect(applied).toEqual(['gap']);
  expect(record.position).toBe(2n);
  expect(record.isLive).toBe(true);
  expect(events).toEqual([{ type: 'watch-gap' }, { type: 'watch', state: 'live' }]);
});

test('commits after the position are applied in order, each agent once, and then written down', async () => {
  const { clock, feed, record, applied, events, watch } = setUp({ position: 1n });
  feed.size = 10;
  feed.commits = [changeOf(1), changeOf(2, 'a'), changeOf(3, 'b'), changeOf(4, 'a'), changeOf(5, 'c')];
  watch();
  feed.hand();
  await clock.advance(0);
  expect(applied).toEqual([['b', 'a', 'c']]);
  expect(record.position).toBe(5n);
  expect(events).toContainEqual({ type: 'changes', count: 3 });
  feed.commit(6, 'd');
  await clock.advance(0);
  expect(applied).toEqual([['b', 'a', 'c'], ['d']]);
});

test.each([
  ['the window has moved on', 1n, [changeOf(5), changeOf(6), changeOf(7)]],
  ['the source was restored to a state before the position', 9n, [changeOf(5), changeOf(6), changeOf(7)]],
  ['the source has another history', 6n, [changeOf(5), changeOf(7)]],
  ['the source is empty', 6n, []],
  ['it is another source, and whole', 2n, [changeOf(5), changeOf(7)]],
])('everything is doubted when %s', async (_, position, commits) => {
  const { clock, feed, record, applied, events, watch } = setUp({ position });
  feed.commits = commits;
  watch();
  feed.hand();
  await clock.advance(0);
  expect(applied).toEqual(['gap']);
  expect(record.position).toBe(commits.at(-1)?.at);
  expect(events).toContainEqual({ type: 'watch-gap' });
});

test('a source without a commit is followed from its first one', async () => {
  const { clock, feed, applied, watch } = setUp();
  watch();
  feed.hand();
  await clock.advance(0);
  feed.hand();
  await clock.advance(0);
  expect(applied).toEqual(['gap']);
  feed.commit(1);
  await clock.advance(0);
  expect(applied).toEqual(['gap', ['a1']]);
});

test('only the newest of the windows that come meanwhile is applied', async () => {
  const first = Promise.withResolvers<void>();
  const calls: string[][] = [];
  const { clock, feed, watch } = setUp({
    position: 1n,
    onChanges: async (changes) => {
      calls.push(changes.map(({ id }) => id));
      if (calls.length === 1) await first.promise;
    },
  });
  feed.size = 10;
  feed.commits = [changeOf(1)];
  watch();
  for (const at of [2, 3, 4]) {
    feed.commit(at);
    await clock.advance(0);
  }
  expect(calls).toEqual([['a2']]);
  first.resolve();
  await clock.advance(0);
  expect(calls).toEqual([['a2'], ['a3', 'a4']]);
});

test('what cannot be applied is tried again, ends what was vouched for, and nothing is until it is', async () => {
  let broken = false;
  let tries = 0;
  const { clock, feed, record, events, watch } = setUp({
    position: 1n,
    onChanges: async () => {
      tries++;
      if (broken) throw new Error('full');
    },
  });
  feed.commits = [changeOf(1)];
  watch();
  feed.hand();
  await clock.advance(100);
  expect(record.isLive).toBe(true);
  broken = true;
  feed.commit(2);
  await clock.advance(0);
  expect(record.isLive).toBe(false);
  expect(record.position).toBe(1n);
  await clock.advance(20_000);
  expect(record.isLive).toBe(false);
  // 100, 300, 700, 1500, 3100, 6300, 11300, 16300 ms
  expect(tries).toBe(9);
  expect(feed.probes).toBeGreaterThan(8);
  broken = false;
  await clock.advance(5_000);
  expect(record.position).toBe(2n);
  await clock.advance(2_000);
  expect(record.isLive).toBe(true);
  expect(events.filter(({ type }) => type === 'watch')).toEqual([
    { type: 'watch', state: 'live' },
    { type: 'watch', state: 'lapsed' },
    { type: 'watch', state: 'live' },
  ]);
});

test('a position that cannot be written is tried again', async () => {
  const { clock, feed, record, applied, watch } = setUp({ position: 1n });
  feed.commits = [changeOf(1)];
  watch();
  feed.hand();
  await clock.advance(0);
  record.beforeWrite = () => Promise.reject(new Error('full'));
  feed.commit(2);
  await clock.advance(1_000);
  expect(record.position).toBe(1n);
  record.beforeWrite = async () => {};
  await clock.advance(2_000);
  expect(record.position).toBe(2n);
  expect(applied).toEqual([['a2']]);
});

test('a proof counts from when it was asked for; a late or failed one vouches for nothing', async () => {
  const { clock, feed, record, events, watch } = setUp({ position: 1n });
  feed.commits = [changeOf(1)];
  watch();
  feed.hand();
  await clock.advance(100);
  feed.prove = () => new Promise((resolve) => clock.after(1_500, resolve));
  record.writes.length = 0;
  await clock.advance(3_500);
  expect(record.writes).toEqual([{ position: 1n, liveForMs: 2_500 }]);
  feed.prove = () => new Promise((resolve) => clock.after(2_001, resolve));
  const proven = record.liveUntilMs;
  await clock.advance(20_000);
  expect(record.liveUntilMs).toBe(proven);
  expect(events.filter(({ type }) => type === 'watch-error')).toHaveLength(1);
  expect(events.findLast(({ type }) => type === 'watch')).toEqual({ type: 'watch', state: 'lapsed' });
  feed.prove = () => Promise.reject(new Error('closed'));
  await clock.advance(20_000);
  expect(record.liveUntilMs).toBe(proven);
  expect(events.filter(({ type }) => type === 'watch-error')).toHaveLength(1);
  feed.prove = async () => {};
  // A window says that the feed is back: the proof need not wait its turn.
  feed.hand();
  await clock.advance(100);
  expect(record.isLive).toBe(true);
});

test('a proof waits for what was handed over before it, and not for what comes after', async () => {
  const gates: (() => void)[] = [];
  const { clock, feed, record, watch } = setUp({
    position: 1n,
    onChanges: () => new Promise((resolve) => gates.push(resolve)),
  });
  feed.size = 100;
  feed.commits = [changeOf(1)];
  watch();
  feed.hand();
  await clock.advance(100);
  expect(record.isLive).toBe(true);
  let at = 2;
  let isHeld = true;
  feed.prove = async () => {
    if (isHeld) feed.commit(at++);
  };
  await clock.advance(1_900);
  const before = record.liveUntilMs;
  await clock.advance(1_000);
  expect(record.liveUntilMs).toBe(before);
  // More comes while it is applied, for ever.
  feed.commit(at++);
  gates.shift()!();
  await clock.advance(0);
  expect(record.liveUntilMs).toBeGreaterThan(before);
  isHeld = false;
});

test('a proof that waits for a window waits no longer when a newer one takes its place', async () => {
  const gates: (() => void)[] = [];
  const { clock, feed, record, watch } = setUp({
    position: 1n,
    onChanges: () => new Promise((resolve) => gates.push(resolve)),
  });
  feed.size = 100;
  feed.commits = [changeOf(1)];
  watch();
  feed.hand();
  await clock.advance(100);
  feed.commit(2);
  let provenMs = 0;
  feed.prove = async () => {
    provenMs = clock.now();
    feed.commit(3);
  };
  await clock.advance(1_900);
  // The first is being applied, the second is waited for, and replaced.
  feed.commit(4);
  gates.shift()!();
  await clock.advance(0);
  gates.shift()!();
  await clock.advance(0);
  expect(record.position).toBe(4n);
  expect(record.liveUntilMs).toBe(provenMs + 4_000);
});

test('what is revoked while it is being vouched for stays revoked', async () => {
  const { clock, feed, record, events, watch } = setUp({
    position: 1n,
    onChanges: () => Promise.reject(new Error('full')),
  });
  const gate = Promise.withResolvers<void>();
  record.beforeWrite = async ({ liveForMs }) => {
    if (liveForMs > 0) await gate.promise;
  };
  feed.commits = [changeOf(1)];
  watch();
  feed.hand();
  await clock.advance(100);
  feed.commit(2);
  await clock.advance(0);
  gate.resolve();
  await clock.advance(0);
  expect(record.isLive).toBe(false);
  expect(events.filter(({ type }) => type === 'watch')).toEqual([]);
});

test('without a window nothing is vouched for, whatever the probe says', async () => {
  const { clock, record, watch } = setUp({ position: 1n });
  watch();
  await clock.advance(10_000);
  expect(record.isLive).toBe(false);
});

test('what the feed says is told; close ends everything and says that nobody hears', async () => {
  const { clock, feed, record, events, watch } = setUp({ position: 1n });
  feed.commits = [changeOf(1)];
  const watcher = watch();
  feed.hand();
  await clock.advance(100);
  const error = new Error('refused');
  feed.listener?.onError(error);
  expect(events.at(-1)).toEqual({ type: 'watch-error', error });
  const closing = watcher.close();
  await clock.advance(2_000);
  await closing;
  await watcher.close();
  expect(feed.closed).toBe(1);
  expect(record.isLive).toBe(false);
  const { length } = record.writes;
  const { probes } = feed;
  feed.commit(2);
  await clock.advance(60_000);
  expect(record.writes).toHaveLength(length);
  expect(feed.probes).toBe(probes);
  expect(clock.pending).toBe(0);
  expect(events.filter(({ type }) => type === 'watch-error')).toHaveLength(1);
});

test('close does not wait for ever', async () => {
  const { clock, feed, watch } = setUp({ position: 1n, onChanges: () => new Promise(() => {}) });
  feed.commits = [changeOf(1)];
  const watcher = watch();
  feed.commit(2);
  await clock.advance(0);
  const startedMs = clock.now();
  const closing = watcher.close().then(() => clock.now() - startedMs);
  await clock.advance(60_000);
  expect(await closing).toBeLessThanOrEqual(60_000);
});

test.each([
  [{ probeMs: 0 }, 'probeMs must be a number above 0, got 0'],
  [{ liveMs: -1 }, 'liveMs must be a number above 0, got -1'],
  [{ probeMs: 2_000, liveMs: 2_000 }, 'liveMs must be more than probeMs (2000), got 2000'],
])('a wrong option is refused by name: %o', (options, message) => {
  expect(() => setUp(options).watch()).toThrow(new TypeError(message));
});
