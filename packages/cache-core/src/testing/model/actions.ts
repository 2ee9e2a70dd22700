import type { EntryOptions, LoadOptions } from '../../contracts/cache.ts';
import type { Invalidation } from '../../contracts/invalidation.ts';
import type { FakeClock } from '../fake-clock.ts';
import type { Answers, Read } from './answers.ts';
import { AbortedError } from './answers.ts';
import type { Step } from './commands.ts';
import { advanceOf, agedOf, DEADLINE, KEY_COUNT, LONG_MS, TTL_MS } from './commands.ts';
import type { FaultyTier } from './faulty-tier.ts';
import { TIER_FAULTS } from './faulty-tier.ts';
import { tagOf, TAGS } from './names.ts';
import type { LoaderPlan, ModelSource } from './source.ts';
import type { ModelProcess, Sent } from './stage.ts';
import type { World } from './world.ts';
import { isEmpty } from './world.ts';

const VALUE: LoaderPlan = { ends: 'value', held: false };

/** @see Actions */
export interface ActionsOptions {
  readonly clock: FakeClock;
  readonly world: World;
  readonly source: ModelSource;
  readonly answers: Answers;
  readonly track: (work: Promise<unknown>) => void;
  readonly settle: () => Promise<void>;
  /** The source of these cells has changed. */
  readonly touch: (cells: readonly string[]) => void;
}

/** Carries out commands, and has every answer compared. */
export class Actions {
  readonly #options: ActionsOptions;
  readonly #aborts: AbortController[] = [];
  #played = 0;

  constructor(options: ActionsOptions) {
    this.#options = options;
  }

  async play(step: Step, process: ModelProcess): Promise<void> {
    const { world, source, answers, track } = this.#options;
    this.#played++;
    const key = `${step.key}`;
    const { cache } = process;
    switch (step.do) {
      case 'getOrLoad':
        return this.#load(step, process, { ends: 'value', held: false, doNotStore: step.pick === 0 });
      case 'getOrLoad, held':
        return this.#load(step, process, { ends: 'value', held: true });
      case 'getOrLoad, failing':
        return this.#load(step, process, { ends: 'failed', held: false });
      case 'getOrLoad, held and failing':
        return this.#load(step, process, { ends: 'failed', held: true });
      case 'getOrLoad, none':
        return this.#load(step, process, { ends: 'none', held: step.pick < 4 });
      case 'getOrLoadMany':
        return this.#loadMany(step, process, { ends: step.pick === 0 ? 'none' : 'value', held: step.pick < 8 });
      case 'getOrLoadMany, failing':
        return this.#loadMany(step, process, { ends: 'failed', held: step.pick < 8 });
      case 'release':
        return void source.release();
      case 'abort':
        return this.#aborts.shift()?.abort(new AbortedError());
      case 'get':
        return answers.compare(this.#read(process, key), cache.get(key));
      case 'getMany': {
        const keys = Array.from({ length: KEY_COUNT }, (_, index) => `${index}`);
        const reads = keys.map((each) => this.#read(process, each));
        const many = cache.getMany(keys);
        return answers.compareMany(reads, keys.map((each) => many.then((found) => found.get(each)))); // prettier-ignore
      }
      case 'peek':
        return answers.compare(this.#read(process, key), Promise.resolve(cache.peek(key)));
      case 'warm':
        return track(cache.warm([key]));
      case 'set':
        return this.#set(step, process);
      case 'delete':
        return this.#invalidate(process, { keys: [key] }, () => cache.delete(key));
      case 'invalidateTags':
        return this.#invalidate(process, { tag: step.key % TAGS }, () => cache.invalidateTags(tagOf(key)));
      case 'clear':
        return this.#invalidate(process, {}, () => cache.clear());
      case 'softInvalidate':
        return this.#invalidate(process, { keys: [key], soft: true }, () => cache.softInvalidate(key));
      case 'softInvalidateTags':
        return this.#invalidate(process, { tag: step.key % TAGS, soft: true }, () =>
          cache.softInvalidateTags(tagOf(key)),
        );
      case 'softClear':
        return this.#invalidate(process, { soft: true }, () => cache.softClear());
      case 'advance':
      case 'advance far':
        return this.#pass(step.do === 'advance' ? advanceOf(step) : LONG_MS);
      case 'value ages':
        return this.#age(step, process);
      case 'value ages, then held':
        await this.#age(step, process);
        this.#load({ ...step, pick: step.pick < 8 ? DEADLINE : 1 }, process, { ends: 'value', held: true });
        return this.#pass(step.pick);
      case 'value ages, then failing':
        await this.#age(step, process);
        this.#load({ ...step, pick: 1 }, process, { ends: 'failed', held: false });
        await this.#pass(1);
        return this.#load({ ...step, pick: 1 }, process, { ends: 'value', held: false });
      case 'bus is silent':
        this.#cut(process);
        return this.#pass(LONG_MS);
      case 'frame is damaged':
        return this.#damage(step, process);
      case 'get, answered late':
        this.#tier(step, process)?.delayAnswer(5 + (step.pick >> 1));
        return answers.compareMany([this.#read(process, key)], [cache.get(key)]);
      case 'answer is late':
        return this.#tier(step, process)?.delayAnswer(1 + step.pick);
      case 'tier heals':
        return this.#tier(step, process)?.heal();
      case 'bus is cut':
        return this.#cut(process);
      case 'bus is mended':
        answers.mend(process.hearsAt);
        return world.bus.mend(process.hearsAt);
      case 'restart':
        return track(world.restart(step.at));
      default: {
        const faults = TIER_FAULTS[step.do];
        // Some outages last until the tier is healed.
        if (faults === undefined) world.bus.arm(step.do);
        else this.#tier(step, process)?.arm(faults, this.#played, step.pick >= 10);
      }
    }
  }

  /** Asks a process for every key. */
  loadAll(process: ModelProcess): void {
    for (let key = 0; key < KEY_COUNT; key++) {
      this.#load({ do: 'getOrLoad', at: process.slot, key, pick: 1, rush: false }, process, VALUE);
    }
  }

  /** Timers do not run before promises. */
  async #pass(ms: number): Promise<void> {
    await this.#options.settle();
    await this.#options.clock.advance(ms);
  }

  /** A value is loaded, and becomes as old as `ttl` to `ttl + grace`. */
  async #age(step: Step, process: ModelProcess): Promise<void> {
    this.#load({ ...step, pick: 1 }, process, { ends: 'value', held: false });
    await this.#pass(agedOf(step));
  }

  /** `getOrLoad` with the options that belong to the variant. */
  #load(step: Step, process: ModelProcess, plan: LoaderPlan): void {
    const { world, source, answers } = this.#options;
    const options: LoadOptions = optionsOf(step, this.#aborts);
    const cell = world.names.cellOf(process, `${step.key}`);
    const read = answers.start(process, cell, { mayLoad: true, deadline: options.deadlineMs !== undefined });
    answers.compare(
      read,
      process.cache.getOrLoad(`${step.key}`, source.loader(process.id, cell, plan), options),
      options,
    );
  }

  #loadMany(step: Step, process: ModelProcess, plan: LoaderPlan): void {
    const { world, source, answers } = this.#options;
    const keys = [0, 1, 2].map((more) => `${(step.key + more) % KEY_COUNT}`);
    const reads = keys.map((key) => answers.start(process, world.names.cellOf(process, key), { mayLoad: true }));
    const loader = source.batchLoader(process.id, (key) => world.names.cellOf(process, key), plan);
    const many = process.cache.getOrLoadMany(keys, loader);
    answers.compareMany(reads, keys.map((key) => many.then((found) => found.get(key)))); // prettier-ignore
  }

  #set(step: Step, process: ModelProcess): void {
    const { world, source, answers, clock, track } = this.#options;
    const key = `${step.key}`;
    const sent = this.#send(process, world.names.invalidation(process, { keys: [key] }));
    const copy = source.copyOf(world.names.cellOf(process, key));
    const arrival = answers.set(copy, process.id);
    const options: EntryOptions = step.pick < 4 ? { pin: true } : {};
    track(
      process.cache.set(key, copy, options).then(() => {
        // It does not say whether it is pending; the outbox does, unless it has ended with its process.
        world.resolved(sent, process.closed || !isEmpty(process.outbox));
        arrival.endedMs = clock.now();
        arrival.endedAt = source.tick();
      }),
    );
  }

  #invalidate(
    process: ModelProcess,
    what: { keys?: string[]; tag?: number; soft?: boolean },
    call: () => Promise<{ pending: boolean }>,
  ): void {
    const { world, track } = this.#options;
    const sent = this.#send(process, world.names.invalidation(process, what));
    track(call().then(({ pending }) => world.resolved(sent, pending)));
  }

  #send(process: ModelProcess, invalidation: Invalidation): Sent {
    const { world, answers, touch } = this.#options;
    const cells = world.names.cellsOf(invalidation);
    const change = answers.change(process, cells);
    touch(cells);
    return world.sends(process, invalidation, change);
  }

  #cut({ hearsAt }: ModelProcess): void {
    this.#options.answers.cut(hearsAt);
    this.#options.world.bus.cut(hearsAt);
  }

  #read(process: ModelProcess, key: string): Read {
    const { world, answers } = this.#options;
    return answers.start(process, world.names.cellOf(process, key));
  }

  /** Damages what a tier holds of the usual keys: cuts it, changes a bit, or puts it under another key. */
  async #damage({ pick }: Step, process: ModelProcess): Promise<void> {
    const tier = process.tiers[pick % Math.max(1, process.tiers.length)]?.inner;
    const refs = [0, 1, 2].map((key) => this.#options.world.names.refOf(process, `${key}`));
    const stored = (await tier?.read(refs)) ?? [];
    for (const [index, { bytes }] of stored.entries()) {
      const ref = refs[pick < 4 ? (index + 1) % refs.length : index];
      if (bytes === undefined || ref === undefined) continue;
      const damaged = Uint8Array.from(bytes);
      const at = pick < 8 ? 0 : pick < 10 ? 2 : (pick * 37) % bytes.length;
      if (pick >= 6) damaged[at] = (damaged[at] ?? 0) ^ (1 << (pick % 8));
      await tier?.write(ref, pick < 6 && pick >= 4 ? damaged.subarray(0, 40) : damaged, { ttlMs: TTL_MS });
    }
  }

  #tier({ pick }: Step, { tiers }: ModelProcess): FaultyTier | undefined {
    return tiers[pick % Math.max(1, tiers.length)];
  }
}

function optionsOf({ pick }: Step, aborts: AbortController[]): LoadOptions {
  if (pick === DEADLINE) return { deadlineMs: 10 };
  if (pick === 14) return { pin: true };
  if (pick !== 15) return {};
  const controller = new AbortController();
  aborts.push(controller);
  return { signal: controller.signal };
}
