import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs } from '../processes/monotonic.ts';
import { serve } from '../processes/serve.ts';
import type { Caches, CachesPlan } from './composition.ts';
import { openCaches } from './composition.ts';
import type { Played, PlayPlan } from './play.ts';
import { Play } from './play.ts';
import type { Versioned } from './source.ts';
import { keyOfSlot, Source, tagOfSlot } from './source.ts';

/** How a process makes a change of the source hold. */
export type ChangeKind = 'delete' | 'set' | 'tag';

/** @see PlayerCalls.change */
export interface Change {
  readonly slot: number;
  readonly version: number;
  readonly kind: ChangeKind;
}

/** When an invalidation was called, and when it had resolved. */
export interface Changed {
  readonly calledMs: number;
  readonly resolvedMs: number;
}

/** When a value that another process has stored was found first; `undefined`: not within the limit. */
export interface FoundAgain {
  readonly mutableMs: number | undefined;
  readonly immutableMs: number | undefined;
}

/** What a process with caches can be asked. */
export interface PlayerCalls {
  open(input: CachesPlan & { readonly source: string }): Promise<void>;
  /** Reads all of them once, as an application does. */
  hold(input: { readonly slots: readonly number[] }): Promise<void>;
  /** Reads, cold and hot, until it has done so and is told to stop. */
  play(input: PlayPlan): Promise<Played>;
  stop(input: object): void;
  /** The source has changed: makes the caches follow. */
  change(input: Change): Promise<Changed>;
  /** Puts a value for others to find. */
  store(input: { readonly key: string }): Promise<void>;
  /** Looks for a value until it is there. */
  find(input: { readonly key: string; readonly limitMs: number }): Promise<FoundAgain>;
  /** What the tiers hold; absent: 0. */
  look(input: { readonly slots: readonly number[] }): Promise<number[]>;
  /** Waits until every invalidation has arrived. @returns how many have not within the limit. */
  settle(input: { readonly limitMs: number }): Promise<number>;
  close(input: object): Promise<void>;
  /** Rejections that nobody has handled, so far. */
  unhandled(input: object): number;
}

const LOOK_EVERY_MS = 2;

let unhandled = 0;
process.on('unhandledRejection', () => unhandled++);

let opened: { readonly caches: Caches; readonly source: Source; readonly swallows: boolean } | undefined;
let playing: Play | undefined;

serve<PlayerCalls>({
  open: async (input) => {
    const source = Source.open(input.source);
    opened = { caches: await openCaches(input), source, swallows: input.sabotage === 'stale' };
  },
  play: (plan) => {
    const { caches, source } = current();
    playing = new Play(caches, source, plan);
    return playing.run();
  },
  stop: () => playing?.stop(),
  hold: async ({ slots }) => {
    const { caches, source } = current();
    const load = (key: string, slot: number): Versioned => ({ key, version: source.versionOf(slot) });
    await Promise.all(slots.map((slot) => caches.config.getOrLoad(keyOfSlot(slot), ({ key }) => load(key, slot))));
  },
  change,
  store: async ({ key }) => {
    const { config, phrases } = current().caches;
    await Promise.all([config, phrases].map((cache) => storeIn(cache)));

    /** A process that has just begun to hear of others may find itself overtaken, and refuse. */
    async function storeIn(cache: Caches['config']): Promise<void> {
      do await cache.set(key, { key, version: 1 });
      while ((await cache.get(key)) === undefined);
    }
  },
  find: async ({ key, limitMs }) => {
    const { config, phrases } = current().caches;
    const [mutableMs, immutableMs] = await Promise.all([untilFound(config), untilFound(phrases)]);
    return { mutableMs, immutableMs };

    async function untilFound(cache: Caches['config']): Promise<number | undefined> {
      const untilMs = monotonicMs() + limitMs;
      while (monotonicMs() < untilMs) {
        if ((await cache.get(key)) !== undefined) return monotonicMs();
        await sleep(LOOK_EVERY_MS);
      }
      return undefined;
    }
  },
  look: async ({ slots }) => {
    const found = await current().caches.config.getMany(slots.map(keyOfSlot));
    return slots.map((slot) => found.get(keyOfSlot(slot))?.version ?? 0);
  },
  settle: async ({ limitMs }) => {
    const { caches } = current();
    const untilMs = monotonicMs() + limitMs;
    while (caches.owed() > 0 && monotonicMs() < untilMs) await sleep(LOOK_EVERY_MS);
    return caches.owed();
  },
  close: async () => {
    const closing = opened;
    opened = undefined;
    await closing?.caches.close();
    closing?.source.close();
  },
  unhandled: () => unhandled,
});

async function change({ slot, version, kind }: Change): Promise<Changed> {
  const { caches, swallows } = current();
  const { config } = caches;
  const key = keyOfSlot(slot);
  const calledMs = monotonicMs();
  if (swallows) return { calledMs, resolvedMs: monotonicMs() };
  if (kind === 'delete') await config.delete(key);
  else if (kind === 'tag') await config.invalidateTags(tagOfSlot(slot));
  else await config.set(key, { key, version } satisfies Versioned);
  return { calledMs, resolvedMs: monotonicMs() };
}

function current(): NonNullable<typeof opened> {
  if (opened === undefined) throw new Error('not opened');
  return opened;
}
