import type { BatchLoader, BatchOptions, LoadContext } from './contracts/cache.ts';
import type { Engine } from './engine.ts';
import type { LoadRequest } from './load.ts';
import { finish, releaseWhenDetached } from './load.ts';
import { descend, startDescent } from './lookup.ts';
import { obtain } from './obtain.ts';
import type { ProcessEntry } from './process-tier.ts';
import type { Flight } from './flight.ts';

/**
 * `getOrLoadMany`: the tiers are asked once for all keys that nobody is loading yet, and one call of `loadMany` brings what
 * they do not have. To the rest of the engine each key is a load of its own, whose loader waits for its part.
 */
export async function obtainMany<V>(
  engine: Engine<V>,
  wanted: ReadonlyMap<string, ProcessEntry<V> | undefined>,
  loadMany: BatchLoader<V>,
  options: BatchOptions,
): Promise<Map<string, V>> {
  const batch = new Batch(engine, loadMany);
  const loader = (context: LoadContext<V>): Promise<V | undefined> => batch.part(context);
  const run = (_: Engine<V>, flight: Flight<V>, request: LoadRequest<V>): Promise<V | undefined> =>
    batch.add(flight, request);
  const answers = [...wanted].map(([key, entry]) => obtain(engine, key, loader, options, entry, run));
  void batch.run();
  const values = await Promise.all(answers);
  const found = new Map<string, V>();
  [...wanted.keys()].forEach((key, index) => {
    const value = values[index];
    if (value !== undefined) found.set(key, value);
  });
  return found;
}

interface Member<V> {
  readonly flight: Flight<V>;
  readonly request: LoadRequest<V>;
  readonly result: PromiseWithResolvers<V | undefined>;
}

interface Part<V> {
  readonly context: LoadContext<V>;
  readonly result: PromiseWithResolvers<V | undefined>;
}

class Batch<V> {
  readonly #engine: Engine<V>;
  readonly #loadMany: BatchLoader<V>;
  readonly #members: Member<V>[] = [];
  readonly #parts = new Map<string, Part<V>>();

  constructor(engine: Engine<V>, loadMany: BatchLoader<V>) {
    this.#engine = engine;
    this.#loadMany = loadMany;
  }

  /** A key whose load belongs to this batch. */
  add(flight: Flight<V>, request: LoadRequest<V>): Promise<V | undefined> {
    const result = Promise.withResolvers<V | undefined>();
    this.#members.push({ flight, request, result });
    return result.promise;
  }

  /** The loader of one key: its part of what `loadMany` brings. */
  part(context: LoadContext<V>): Promise<V | undefined> {
    const result = Promise.withResolvers<V | undefined>();
    this.#parts.set(context.key, { context, result });
    return result.promise;
  }

  /** Runs when all keys have been added. Nobody waits here for other processes: one slow key must not hold up the others. */
  async run(): Promise<void> {
    if (this.#members.length === 0) return;
    const engine = this.#engine;
    const fence = engine.raiseFence();
    const descents = this.#members.map(({ flight }) => {
      const descent = startDescent<V>(flight.key, flight.ref);
      releaseWhenDetached(engine, descent, flight);
      return descent;
    });
    try {
      if (engine.hasShared) await descend(engine, descents, fence, { toLoad: true });
    } catch (error) {
      for (const { result } of this.#members) result.reject(error);
      return;
    }
    this.#members.forEach(({ flight, request, result }, index) => {
      const descent = descents[index];
      if (descent !== undefined) result.resolve(finish(engine, descent, flight, fence, request));
    });
    // Each `finish` has come as far as its loader, so that all parts are known.
    if (this.#parts.size > 0) await this.#load();
  }

  async #load(): Promise<void> {
    const parts = [...this.#parts.values()];
    const stale = new Map<string, V>();
    for (const { context } of parts) if (context.stale !== undefined) stale.set(context.key, context.stale);
    const signal = whenAll(parts.map(({ context }) => context.signal));
    try {
      const values = await this.#loadMany([...this.#parts.keys()], { stale, signal });
      if (!(values instanceof Map)) throw new TypeError(`loadMany must return a Map, got ${typeof values}`);
      for (const [key, { result }] of this.#parts) result.resolve(values.get(key));
    } catch (error) {
      for (const { result } of parts) result.reject(error);
    }
  }
}

/** Aborted when all of the signals are. */
function whenAll(signals: readonly AbortSignal[]): AbortSignal {
  const controller = new AbortController();
  let waiting = signals.length;
  for (const signal of signals) {
    const leave = (): void => {
      if (--waiting === 0) controller.abort(signal.reason);
    };
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
  }
  return controller.signal;
}
