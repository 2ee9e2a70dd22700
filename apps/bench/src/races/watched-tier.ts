import type { SharedTier } from '@warmline/cache-core';
import { MemorySharedTier } from '@warmline/cache-core';
import type { FakeClock, Schedule } from '@warmline/cache-core/testing';
import { scheduledTier } from '@warmline/cache-core/testing';
import type { Coverage } from './coverage.ts';
import type { Stragglers } from './stragglers.ts';

/** What all parts of one schedule share. */
export interface Stage {
  readonly clock: FakeClock;
  readonly schedule: Schedule;
  readonly coverage: Coverage;
  readonly stragglers: Stragglers;
  /** In [0, 1); everything that the schedule itself does not draw. */
  readonly random: () => number;
}

/** Small, so that a few strangers are enough to evict everything. */
const MAX_STAMPS = 6;
const MAX_BYTES = 4096;
/** How long a cache waits for a tier to store. */
const WRITE_BUDGET_MS = 5000;

/** A shared tier of the simulation: its calls are steps, its clock can jump, its entries can be evicted, its writes come late. */
export class WatchedTier {
  readonly #inner: MemorySharedTier;
  readonly #stage: Stage;
  readonly #duplicates: number;
  readonly #called = new WeakMap<Uint8Array, { readonly ms: number; readonly invalidations: number }>();
  #invalidations = 0;
  #skewMs = 0;

  /** @param duplicates part of the writes that take effect once more, whenever the schedule likes. */
  constructor(name: string, stage: Stage, duplicates: number) {
    const { clock } = stage;
    const skewed = { now: () => clock.now() + this.#skewMs, after: clock.after.bind(clock) };
    this.#inner = new MemorySharedTier({ name, clock: skewed, maxStamps: MAX_STAMPS, maxBytes: MAX_BYTES });
    this.#stage = stage;
    this.#duplicates = duplicates;
  }

  /** The tier as one participant reaches it. A tier of the cluster keeps no journal, as a real one does not. */
  view(label: string, keepsJournal: boolean): SharedTier {
    const { schedule, random, stragglers } = this.#stage;
    const inner = this.#inner;
    const innermost = override(inner, {
      ...(keepsJournal ? {} : { journal: undefined, origin: undefined, stayLive: undefined }),
      read: async (entries) => {
        const frames = await inner.read(entries);
        if (frames.some(({ bytes }) => bytes !== undefined)) stragglers.noteRead();
        await stragglers.wait('answers of tiers');
        return frames;
      },
      write: async (...args) => {
        this.#noteEffect(args[1]);
        await inner.write(...args);
        if (random() >= this.#duplicates) return;
        void schedule.step(`${label}.write again`).then(() => {
          this.#noteEffect(args[1]);
          return inner.write(...args);
        });
      },
      invalidate: async (invalidation) => {
        await inner.invalidate(invalidation);
        this.#invalidations++;
      },
    });
    const scheduled = scheduledTier(innermost, schedule, label);
    let begun = 0;
    return override(scheduled, {
      begin: async (...args) => {
        if (stragglers.holds('later begins') && begun++ > 0) await stragglers.wait('later begins');
        return scheduled.begin(...args);
      },
      write: async (...args) => {
        this.#called.set(args[1], { ms: this.#stage.clock.now(), invalidations: this.#invalidations });
        await stragglers.wait('writes');
        return scheduled.write(...args);
      },
    });
  }

  jump(byMs: number): void {
    this.#skewMs += byMs;
  }

  /** Strangers come, and what was used least recently makes way. */
  async evict(what: 'values' | 'stamps' | 'all stamps'): Promise<void> {
    const options = { leaseMs: 0, stampTtlMs: 1000 };
    for (let id = 0; id < MAX_STAMPS; id++) {
      const namespace = what === 'all stamps' ? `stranger ${id}` : 'stranger';
      const ref = { namespace, key: `${namespace}:${id}`, tags: [] };
      if (what === 'values') await this.#inner.write(ref, new Uint8Array(MAX_BYTES - 100), { ttlMs: 1000 });
      else await this.#inner.begin(ref, options);
    }
  }

  #noteEffect(frame: Uint8Array): void {
    const { coverage, clock } = this.#stage;
    const called = this.#called.get(frame);
    if (called === undefined || called.invalidations === this.#invalidations) return;
    coverage.add('late_writes');
    if (clock.now() - called.ms >= WRITE_BUDGET_MS) coverage.add('late_writes_after_a_timeout');
  }
}

type Changes = { readonly [Member in keyof SharedTier]?: SharedTier[Member] | undefined };

/** The same tier with some members replaced, or taken away. */
function override(tier: SharedTier, changes: Changes): SharedTier {
  return new Proxy(tier, {
    get(target, member) {
      if (Object.hasOwn(changes, member)) return Reflect.get(changes, member);
      const own: unknown = Reflect.get(target, member, target);
      return typeof own === 'function' ? own.bind(target) : own;
    },
  });
}
