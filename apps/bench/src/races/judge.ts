import { CacheError } from '@warmline/cache-core';
import type { Copy, Op } from './truth.ts';
import type { Party, World } from './world.ts';
import { KEY } from './world.ts';

export type ReadKind = 'peek' | 'get' | 'getMany' | 'getOrLoad' | 'getOrLoadMany' | 'warm';

/** A read that was served something older than the truth allows. */
export interface StaleRead {
  readonly by: string;
  readonly kind: ReadKind;
  readonly version: number;
  readonly oldest: number;
  /** Steps that had happened when the read started, and when it ended. */
  readonly startedAt: number;
  readonly endedAt: number;
}

/** Of the loads, where loads may fail. */
const FAILING_SHARE = 0.3;

/** A run of a loader. */
interface Running {
  readonly party: string;
  readonly version: number;
}

/** Reads the source for the caches, and compares with it whatever they answer. */
export class Judge {
  readonly stale: StaleRead[] = [];
  /** Reads that rejected although nothing justifies it. */
  readonly failures: unknown[] = [];
  readonly #world: World;
  readonly #running = new Set<Running>();
  readonly #mayFail: boolean;
  readonly #stopped: PromiseWithResolvers<void> | undefined;
  #mayStop: boolean;

  /** @param stops the first loader stops in the middle, until {@link resume}. @param mayFail loaders fail now and then. */
  constructor(world: World, stops: boolean, mayFail: boolean) {
    this.#world = world;
    this.#mayStop = stops;
    this.#mayFail = mayFail;
    this.#stopped = stops ? Promise.withResolvers<void>() : undefined;
  }

  /** Loaders that run. */
  get loading(): number {
    return this.#running.size;
  }

  /** Lets the loader that has stopped go on; no other one stops. */
  resume(): void {
    this.#mayStop = false;
    this.#stopped?.resolve();
  }

  /** Starts a read now and notes what it may return; resolves when it has been compared. */
  async compare(party: Party, kind: ReadKind): Promise<void> {
    const { stage, truth } = this.#world;
    const { coverage, schedule, clock } = stage;
    const oldest = truth.oldest(party, clock.now());
    const startedAt = schedule.trace.length;
    coverage.reads++;
    if (kind.startsWith('getOrLoad')) {
      const overtaken = [...this.#running].some((run) => run.party === party.name && run.version < oldest);
      if (overtaken) coverage.add('asked_during_an_overtaken_load');
    }
    try {
      const copy = await this.#read(party, kind);
      if (copy === undefined) return;
      if (oldest > 0) coverage.readsCompared++;
      if (copy.version >= oldest) return;
      const { version } = copy;
      this.stale.push({ by: party.name, kind, version, oldest, startedAt, endedAt: schedule.trace.length });
    } catch (error) {
      if (error instanceof SourceDown) return;
      if (error instanceof CacheError && error.code === 'ERR_CACHE_LOAD_TIMEOUT') coverage.add('loads_given_up');
      else this.failures.push(error);
    }
  }

  async #read({ name, cache }: Party, kind: ReadKind): Promise<Copy | undefined> {
    switch (kind) {
      case 'peek':
        return cache.peek(KEY);
      case 'get':
        return cache.get(KEY);
      case 'getMany':
        return (await cache.getMany([KEY])).get(KEY);
      case 'getOrLoad':
        return cache.getOrLoad(KEY, () => this.#source(name));
      case 'getOrLoadMany':
        return (await cache.getOrLoadMany([KEY], async () => new Map([[KEY, await this.#source(name)]]))).get(KEY);
      case 'warm':
        await cache.warm([KEY]);
        return cache.peek(KEY);
    }
  }

  /** Reads the source as one step, and answers as another. */
  async #source(party: string): Promise<Copy> {
    const { schedule, random, stragglers } = this.#world.stage;
    await schedule.step(`${party} source reads`);
    const run = { party, version: this.#world.truth.version };
    this.#running.add(run);
    stragglers.noteRead();
    await stragglers.wait('answers of the source');
    if (this.#mayStop) await this.#stop();
    else await schedule.step(`${party} source answers`);
    this.#running.delete(run);
    this.#noteOvertaken(run);
    if (this.#mayFail && random() < FAILING_SHARE) throw new SourceDown();
    return { version: run.version };
  }

  async #stop(): Promise<void> {
    this.#mayStop = false;
    this.#world.stage.coverage.add('stopped_loads');
    await this.#stopped?.promise;
  }

  #noteOvertaken(run: Running): void {
    const { truth, stage } = this.#world;
    const op = truth.ops.find(({ version }) => version > run.version);
    if (op !== undefined) stage.coverage.add(coveredBy(op, this.#world.cell.invalidation === 'bus'));
  }
}

function coveredBy(
  op: Op,
  overBus: boolean,
): `loads_overtaken_by_${'delete' | 'tag' | 'clear' | 'set' | 'another_machine'}` {
  if (overBus) return 'loads_overtaken_by_another_machine';
  return `loads_overtaken_by_${op.kind}`;
}

/** What loaders throw in this scenario. */
class SourceDown extends Error {}
