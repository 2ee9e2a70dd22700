import { setTimeout as sleep } from 'node:timers/promises';
import { createCache } from '@warmline/cache-core';
import type { Cache, CacheOptions, SharedTier } from '@warmline/cache-core';
import { createCacheWithout, journalConformance } from '@warmline/cache-core/testing';
import type { Defence } from '@warmline/cache-core/testing';
import { describe, expect, test } from 'vitest';
import type { Played, Sabotage } from './cache-member.fixture.ts';
import type { HostTier } from './host-tier.ts';
import { Machine, print } from './machine.fixture.ts';

const PROGRAM = './cache-member.fixture.ts';
/** G3: within this time every process of the machine has heard. */
const MACHINE_MS = 5;
const PROCESSES = 4;
const TRIALS = Number(process.env['WARMLINE_TRIALS'] ?? 1_100);

interface Verdict {
  readonly trials: number;
  readonly reads: number;
  readonly loads: number;
  readonly pending: number;
  /** Reads that started later than 5 ms after the change had resolved and were served what was before it. */
  readonly older: number;
  /** How long after it the last such read started, 5 ms included. */
  readonly worstMs: number;
}

async function playRound(trials: number, sabotage?: Sabotage): Promise<Verdict> {
  await using machine = new Machine();
  const children = Array.from({ length: PROCESSES }, () => machine.start(PROGRAM));
  const watcher = machine.start(PROGRAM);
  const watched = watcher.ask<Played>('watch', machine.directory, PROCESSES);
  const played = await Promise.all(
    children.map((child, own) =>
      child.ask<Played>('play', machine.directory, own, PROCESSES, { trials: Math.ceil(trials / PROCESSES), sabotage }),
    ),
  );
  await watcher.ask('stop');
  played.push(await watched);
  for (const child of [watcher, ...children]) await child.leave();
  return judge(played);
}

function judge(played: readonly Played[]): Verdict {
  let older = 0;
  let worstMs = 0;
  for (const [key, { resolvedMs }] of played.entries()) {
    for (const [version, heldMs] of resolvedMs.entries()) {
      if (version === 0) continue;
      for (const { lastSeenMs } of played) {
        const seenMs = lastSeenMs[key]?.[version - 1];
        if (seenMs === undefined || seenMs < heldMs + MACHINE_MS) continue;
        older++;
        worstMs = Math.max(worstMs, seenMs - heldMs);
      }
    }
  }
  const sum = (of: (one: Played) => number): number => played.reduce((total, one) => total + of(one), 0);
  return {
    trials: sum(({ resolvedMs }) => Math.max(0, resolvedMs.length - 1)),
    reads: sum(({ reads }) => reads),
    loads: sum(({ loads }) => loads),
    pending: sum(({ pending }) => pending),
    older,
    worstMs,
  };
}

describe(`of ${PROCESSES} processes that write and one that only reads`, () => {
  test('no other is served an older value 5 ms after an invalidation has resolved', { timeout: 120_000 }, async () => {
    const found = await playRound(TRIALS);
    print(
      `${found.trials} changes, ${found.reads} reads compared, ${found.loads} loads, ${found.pending} pending: ${found.older} older`,
    );
    expect(found.older).toBe(0);
    expect(found.trials).toBeGreaterThanOrEqual(1000);
    // Else nothing was compared, or nothing was kept.
    expect(found.reads).toBeGreaterThan(20 * found.trials);
    expect(found.loads).toBeLessThan(found.reads / 2);
    expect(found.pending).toBeLessThan(found.trials / 10);
  });

  test.each(['hearing', 'stamps'] as const)('without %s some are', { timeout: 60_000 }, async (sabotage) => {
    const found = await playRound(160, sabotage);
    print(
      `without ${sabotage}: ${found.older} of ${found.trials} seen too late, the worst ${found.worstMs.toFixed(0)} ms`,
    );
    expect(found.older).toBeGreaterThan(0);
  });
});

describe('a journal appended to by another process', () => {
  journalConformance(
    { describe, test },
    async () => {
      const machine = new Machine();
      const tier = machine.open({ journalCapacity: 64 });
      const other = machine.start(PROGRAM);
      await other.ask('open', machine.directory, 64);
      return {
        journal: tier.journal,
        append: async (invalidation) => {
          await other.ask('invalidate', invalidation);
          await sleep(MACHINE_MS);
        },
        close: () => machine[Symbol.asyncDispose](),
      };
    },
    { capacity: 64 },
  );
});

/** The same tier, but an answer of `read` arrives only when the gate is opened. */
function withLateReads(tier: HostTier, gate: Promise<void>, reached: () => void): SharedTier {
  return new Proxy<SharedTier>(tier, {
    get(target, member) {
      const own: unknown = Reflect.get(target, member, target);
      if (typeof own !== 'function') return own;
      if (member !== 'read') return own.bind(target);
      return async (...args: Parameters<SharedTier['read']>) => {
        const answer = await tier.read(...args);
        reached();
        await gate;
        return answer;
      };
    },
  });
}

interface Stage {
  readonly machine: Machine;
  readonly open: (tier: SharedTier) => Cache<string>;
}

function stageOf(machine: Machine, without?: Defence): Stage {
  return {
    machine,
    open: (tier) => {
      const options: CacheOptions<string> = { name: 'n', tiers: [tier], ttl: 60_000, tierBudgetMs: 60_000 };
      return without === undefined ? createCache(options) : createCacheWithout(without, options);
    },
  };
}

/** The other process deletes, and this one has heard of it. */
async function deleted(one: Cache<string>, other: Cache<string>): Promise<void> {
  expect(await other.delete('k')).toEqual({ pending: false });
  await sleep(MACHINE_MS);
  one.peek('something else');
}

const NOWHERE = { peeked: undefined, got: undefined, fresh: undefined };

async function whereabouts(
  { machine, open }: Stage,
  one: Cache<string>,
  other: Cache<string>,
): Promise<typeof NOWHERE> {
  // Written after the answer, which nobody waits for.
  await sleep(20);
  const peeked = one.peek('k') as undefined;
  const got = (await other.get('k')) as undefined;
  return { peeked, got, fresh: (await open(machine.open()).get('k')) as undefined };
}

describe('a load that an invalidation of another process overtakes', () => {
  async function overtaken(): Promise<typeof NOWHERE> {
    await using machine = new Machine();
    const stage = stageOf(machine);
    const one = stage.open(machine.open());
    const other = stage.open(machine.open());
    const door = Promise.withResolvers<void>();
    const inside = Promise.withResolvers<void>();
    const load = one.getOrLoad('k', async () => {
      inside.resolve();
      await door.promise;
      return 'old';
    });
    await inside.promise;
    await deleted(one, other);
    door.resolve();
    expect(await load).toBe('old');
    return await whereabouts(stage, one, other);
  }

  test('is kept nowhere', async () => {
    expect(await overtaken()).toEqual(NOWHERE);
  });
});

describe('a frame written after an invalidation by a process that did not know', () => {
  async function written(without?: Defence): Promise<string | undefined> {
    await using machine = new Machine();
    const { open } = stageOf(machine, without);
    const host = machine.open();
    // Holds the write back, as a process does that was stopped in between.
    const door = Promise.withResolvers<void>();
    const inside = Promise.withResolvers<void>();
    const done = Promise.withResolvers<void>();
    const late = new Proxy<SharedTier>(host, {
      get(target, member) {
        const own: unknown = Reflect.get(target, member, target);
        if (typeof own !== 'function') return own;
        if (member !== 'write') return own.bind(target);
        return async (...args: Parameters<SharedTier['write']>) => {
          inside.resolve();
          await door.promise;
          await host.write(...args);
          done.resolve();
        };
      },
    });
    const one = open(late);
    void one.getOrLoad('k', () => 'old');
    await inside.promise;
    await open(machine.open()).delete('k');
    door.resolve();
    await done.promise;
    return await open(machine.open()).get('k');
  }

  test('is void', async () => {
    expect(await written()).toBeUndefined();
  });

  test('is served where stamps are ignored', async () => {
    expect(await written('stamps')).toBe('old');
  });
});

describe('what was read just before an invalidation of another process', () => {
  async function promoted(without?: Defence): Promise<typeof NOWHERE> {
    await using machine = new Machine();
    const stage = stageOf(machine, without);
    const door = Promise.withResolvers<void>();
    const inside = Promise.withResolvers<void>();
    const one = stage.open(withLateReads(machine.open(), door.promise, inside.resolve));
    const other = stage.open(machine.open());
    await other.set('k', 'old');
    const reading = one.get('k');
    await inside.promise;
    await deleted(one, other);
    door.resolve();
    await reading;
    return await whereabouts(stage, one, other);
  }

  test('is not kept', async () => {
    expect(await promoted()).toEqual(NOWHERE);
  });

  test('is kept where the journal is ignored', async () => {
    expect(await promoted('journal')).toMatchObject({ peeked: 'old' });
  });
});
