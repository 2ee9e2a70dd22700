import { array, assert, asyncProperty, constant, constantFrom, nat, oneof, record } from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { FakeClock } from '@warmline/cache-core/testing';
import { expect, test } from 'vitest';
import type { Change } from './change-feed.ts';
import { FeedWatcher } from './feed-watcher.ts';
import { changeOf, FeedFixture, RecordFixture } from './feed.fixture.ts';

const LIVE_MS = 4_000;

type Step =
  | { readonly do: 'commit'; readonly ids: readonly number[] }
  | { readonly do: 'hand' | 'crash' | 'restore' }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'apply' | 'write' | 'prove'; readonly how: 'works' | 'fails' | 'hangs' };

const steps: Arbitrary<Step[]> = array(
  oneof(
    record({ do: constant('commit' as const), ids: array(nat(3), { minLength: 1, maxLength: 4 }) }),
    record({ do: constantFrom('hand' as const, 'hand' as const, 'crash' as const, 'restore' as const) }),
    record({ do: constant('advance' as const), ms: constantFrom(0, 1, 100, 700, 2_000, 4_000) }),
    record({
      do: constantFrom('apply' as const, 'write' as const, 'prove' as const),
      how: constantFrom('works' as const, 'works' as const, 'fails' as const, 'hangs' as const),
    }),
  ),
  { minLength: 5, maxLength: 40 },
);

/** A source, a machine, and watchers that come and go. */
class World {
  readonly clock: FakeClock = new FakeClock();
  readonly feed: FeedFixture = new FeedFixture();
  readonly record: RecordFixture = new RecordFixture(this.clock);
  /** Commits that the machine has not applied, and when they were acknowledged. */
  readonly owed = new Map<string, number>();
  how = { apply: 'works', write: 'works', prove: 'works' };
  failedSince = Number.POSITIVE_INFINITY;
  vouched = 0;
  #at = 0;
  #isAlive = { value: true };
  #watcher: FeedWatcher;

  constructor() {
    this.feed.size = 5;
    this.#watcher = this.#watch();
  }

  commit(ids: readonly number[]): void {
    for (const id of ids) {
      this.feed.commits.push(changeOf(++this.#at, `a${id}`));
      this.owed.set(`a${id}`, this.clock.now());
    }
  }

  /**
   * To some commits ago; what was cached since is no longer what the source has. Of commits that were never heard the feed
   * cannot tell that they are undone: for those there is the time to live.
   */
  restore(): void {
    if (this.record.position !== this.feed.commits.at(-1)?.at) return;
    for (const { id } of this.feed.commits.splice(-2)) this.owed.set(id, this.clock.now());
  }

  /** The process dies in the middle of whatever it was doing, and another takes its place. */
  crash(): void {
    this.#isAlive.value = false;
    void this.#watcher.close();
    this.#watcher = this.#watch();
  }

  /** Where somebody on the machine relies on it, nothing may be owed that the last proof must have shown. */
  wronglyVouched(): string[] {
    if (!this.record.isLive) return [];
    this.vouched++;
    const provenMs = this.record.liveUntilMs - LIVE_MS;
    const owed = [...this.owed].filter(([, sinceMs]) => sinceMs < provenMs).map(([id]) => id);
    return this.failedSince < Number.POSITIVE_INFINITY ? [...owed, 'while it cannot be applied'] : owed;
  }

  /** Everything works again. @returns what is still owed. */
  async end(): Promise<string[]> {
    this.how = { apply: 'works', write: 'works', prove: 'works' };
    this.crash();
    this.feed.hand();
    await this.clock.advance(20_000);
    const owed = this.record.isLive ? [...this.owed.keys()] : ['nothing is vouched for'];
    await this.#watcher.close();
    return owed;
  }

  #watch(): FeedWatcher {
    const isAlive = { value: true };
    this.#isAlive = isAlive;
    const perform = async (what: 'apply' | 'write' | 'prove', effect: () => void): Promise<void> => {
      await Promise.resolve();
      if (!isAlive.value || this.how[what] === 'hangs') return new Promise(() => {});
      if (this.how[what] === 'fails') throw new Error(`${what} fails`);
      effect();
    };
    const apply = async (effect: () => void): Promise<void> => {
      try {
        await perform('apply', effect);
        this.failedSince = Number.POSITIVE_INFINITY;
      } catch (error) {
        // From the moment at which the watcher can have written it down.
        if (this.how.write === 'works') this.failedSince = this.clock.now();
        throw error;
      }
    };
    this.feed.prove = async () => {
      // Everything acknowledged so far has been handed over when the proof is there.
      if (isAlive.value) this.feed.hand();
      await perform('prove', () => {});
    };
    const kept = this.record;
    return new FeedWatcher({
      clock: this.clock,
      feed: this.feed,
      liveMs: LIVE_MS,
      record: {
        read: () => kept.read(),
        write: async (written) => {
          await perform('write', () => {});
          await kept.write(written);
        },
      },
      onChanges: (changes: readonly Change[]) => apply(() => changes.forEach(({ id }) => this.owed.delete(id))),
      onGap: () => apply(() => this.owed.clear()),
    });
  }
}

test('whatever fails, hangs or dies, no commit is lost, and nothing is vouched for while one is owed', async () => {
  let vouched = 0;
  await assert(
    asyncProperty(steps, async (run) => {
      const world = new World();
      for (const step of run) {
        if (step.do === 'commit') world.commit(step.ids);
        else if (step.do === 'hand') world.feed.hand();
        else if (step.do === 'crash') world.crash();
        else if (step.do === 'restore') world.restore();
        else if ('how' in step) world.how[step.do] = step.how;
        await world.clock.advance(step.do === 'advance' ? step.ms : 0);
        expect(world.wronglyVouched()).toEqual([]);
      }
      expect(await world.end()).toEqual([]);
      vouched += world.vouched;
    }),
    { numRuns: Number(process.env['WARMLINE_MODEL_RUNS'] ?? 500) },
  );
  // Not because nobody ever vouched.
  expect(vouched).toBeGreaterThan(100);
}, 60_000);
