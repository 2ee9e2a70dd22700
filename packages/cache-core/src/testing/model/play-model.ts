import type { Cache } from '../../contracts/cache.ts';
import type { CacheEvent } from '../../contracts/events.ts';
import { createCache } from '../../cache.ts';
import type { CacheOptions } from '../../policy.ts';
import { FakeClock } from '../fake-clock.ts';
import type { Copy } from '../reference-model.ts';
import { ReferenceModel } from '../reference-model.ts';
import { seededRandom } from '../seeded-random.ts';
import { Actions } from './actions.ts';
import { Answers } from './answers.ts';
import type { ModelPolicy, Step } from './commands.ts';
import { describe, drawPolicy, drawSteps, isFault } from './commands.ts';
import { LoadRules } from './load-rules.ts';
import { outcomeOf } from './outcome.ts';
import { ModelSource } from './source.ts';
import { structureFaults } from './structure.ts';
import type { ModelStage } from './stage.ts';
import { World } from './world.ts';

/** Options of {@link playModel}. */
export interface ModelOptions {
  /** Opens the tiers of one run, empty. Tiers that keep a journal must take their time from this clock. */
  open(clock: FakeClock): ModelStage | Promise<ModelStage>;
  /** What is played, and on caches of which kind: drawn from a seed, or given. */
  readonly play:
    | { readonly seed: number; readonly steps: number; readonly policy?: Partial<ModelPolicy> }
    | { readonly policy: ModelPolicy; readonly steps: readonly Step[] };
  /** What is tested. @default createCache */
  readonly createCache?: (options: CacheOptions<Copy>) => Cache<Copy>;
}

/** What came of one run. */
export interface ModelReport {
  /** What no cache may do; empty if all is well. Each begins with the number of the step after which it was seen. */
  readonly violations: readonly string[];
  /** The commands that were played, numbered, one a line. */
  readonly story: readonly string[];
  /** How often each command was played. */
  readonly commands: Readonly<Record<string, number>>;
  /** How often each thing happened that caches tell of. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Values that were compared with the reference. */
  readonly compared: number;
  /** Looks at the structure of a cache. */
  readonly inspected: number;
}

/**
 * Plays commands against the caches of two machines and compares every answer with {@link ReferenceModel}. The same
 * commands give the same run, except for what caches draw at random themselves (stamps, `jitter`, `earlyRefresh`).
 */
export async function playModel(options: ModelOptions): Promise<ModelReport> {
  const clock = new FakeClock();
  const stage = await options.open(clock);
  const unhandled: unknown[] = [];
  const onUnhandled = (error: unknown): void => void unhandled.push(error);
  process.on('unhandledRejection', onUnhandled);
  try {
    const run = new ModelRun(options, stage, clock);
    await run.play();
    for (const error of unhandled) run.violate(`an unhandled rejection: ${String(error)}`);
    return run.report();
  } finally {
    process.off('unhandledRejection', onUnhandled);
    await stage.close();
  }
}

class ModelRun {
  readonly #clock: FakeClock;
  readonly #steps: readonly Step[];
  readonly #policy: ModelPolicy;
  readonly #source: ModelSource;
  readonly #rules: LoadRules;
  readonly #world: World;
  readonly #answers: Answers;
  readonly #actions: Actions;
  readonly #violations: string[] = [];
  readonly #story: string[] = [];
  readonly #commands = new Map<string, number>();
  readonly #outcomes = new Map<string, number>();
  #running = 0;
  #inspected = 0;

  constructor({ play, createCache: create = createCache }: ModelOptions, stage: ModelStage, clock: FakeClock) {
    const random = seededRandom('seed' in play ? play.seed : 0);
    const policy = 'seed' in play ? { ...drawPolicy(random), ...play.policy } : play.policy;
    this.#steps = 'seed' in play ? drawSteps(random, play.steps) : play.steps;
    this.#clock = clock;
    this.#policy = policy;
    const reference = new ReferenceModel();
    const violate = (what: string): void => this.violate(what);
    const track = (work: Promise<unknown>): void => this.#track(work);
    const rules = new LoadRules(clock, policy, stage.evicts === true, violate);
    const source: ModelSource = new ModelSource(
      reference,
      clock,
      (run) => rules.started(run, world.known(run.process)),
      (run) => rules.ended(run, world.known(run.process)),
    );
    const touch = (cells: readonly string[]): void => rules.touch(cells);
    const onEvent = (_: string, event: CacheEvent): void => count(this.#outcomes, outcomeOf(event));
    const world: World = new World({ clock, stage, policy, reference, createCache: create, onEvent, onTouch: touch });
    const answers = new Answers({ clock, policy, reference, source, violate, track });
    this.#rules = rules;
    this.#source = source;
    this.#world = world;
    this.#answers = answers;
    this.#actions = new Actions({ clock, world, source, answers, track, touch, settle: () => this.#settle() });
  }

  async play(): Promise<void> {
    await this.#settle();
    for (const step of this.#steps) {
      await this.#step(step);
      if (step.rush) continue;
      await this.#settle();
      this.#inspect();
    }
    await this.#end();
  }

  violate(what: string): void {
    this.#violations.push(`${this.#story.length}: ${what}`);
  }

  report(): ModelReport {
    return {
      violations: this.#violations,
      story: this.#story,
      commands: Object.fromEntries(this.#commands),
      outcomes: Object.fromEntries(this.#outcomes),
      compared: this.#answers.compared,
      inspected: this.#inspected,
    };
  }

  async #step(step: Step): Promise<void> {
    if (this.#policy.calm && isFault(step.do)) return;
    const process = this.#world.processes[step.at];
    if (process === undefined) return;
    count(this.#commands, step.do);
    const when = `at ${this.#clock.now()} ms${step.rush ? ' (rush)' : ''}`;
    this.#story.push(`${this.#story.length + 1}. ${when}: ${describe(step, process.id)}`);
    await this.#actions.play(step, process);
  }

  /** Nothing of what is called here may be left behind. */
  #track(work: Promise<unknown>): void {
    this.#running++;
    work
      .catch((error: unknown) => this.violate(`a rejection: ${String(error)}`))
      .finally(() => {
        this.#running--;
      });
  }

  /** Lets everything run that waits for promises only, or for a tier that works. */
  async #settle(): Promise<void> {
    do {
      await new Promise(setImmediate);
    } while (this.#world.tiers.some((tier) => tier.running > 0));
    this.#answers.turn();
    this.#rules.turn();
  }

  #inspect(): void {
    const { calm, leaseMs, maxBytes } = this.#policy;
    for (const process of this.#world.processes) {
      this.#inspected++;
      const { least, all } = this.#rules.loading(process, this.#source.runs);
      const asked = this.#answers.asked(process.id);
      // A refresh that nobody waits for can be seen only when it has come as far as its loader.
      const most = calm && leaseMs === 0 ? new Set([...asked.waiting, ...all]).size : asked.all;
      for (const fault of structureFaults(process.cache.stats(), { maxBytes, least, most })) {
        this.violate(`${process.id}: ${fault}`);
      }
    }
    const hanging = this.#world.tiers.reduce((sum, tier) => sum + tier.hanging + tier.running, 0);
    const loads = this.#source.runs.filter((run) => run.outcome === 'running').length;
    const bound = 60 + 12 * (this.#running + hanging + loads);
    if (this.#clock.pending > bound) this.violate(`${this.#clock.pending} timers, more than ${bound}`);
  }

  /** Everything works again: all calls end, all outboxes are emptied, every cache is right, and nothing is left of them. */
  async #end(): Promise<void> {
    this.#story.push('everything is healed');
    this.#world.heal();
    this.#answers.mendAll();
    await this.#settle();
    for (let round = 0; round < 20 && (round < 8 || this.#running > 0); round++) {
      while (this.#source.release()) await this.#settle();
      await this.#clock.advance(1_000);
    }
    if (this.#running > 0) this.violate(`${this.#running} calls have not ended`);
    for (const process of this.#world.processes) {
      for (const [to, pending] of process.outbox) {
        if (pending > 0) this.violate(`${process.id} still owes ${pending} invalidations to ${to}`);
      }
      this.#actions.loadAll(process);
    }
    await this.#settle();
    await this.#clock.advance(100);
    if (this.#running > 0) this.violate(`${this.#running} calls have not ended`);
    this.#inspect();
    this.#story.push('everything is closed');
    const closing = this.#world.close();
    await this.#settle();
    await this.#clock.advance(10_000);
    await closing;
    for (const { id, cache } of this.#world.processes) {
      const { loading, entries, bytes } = cache.stats();
      if (loading + entries + bytes > 0) this.violate(`${id} has ${loading} loads, ${entries} entries, ${bytes} bytes`);
    }
    if (this.#clock.pending > 0) this.violate(`${this.#clock.pending} timers are left`);
  }
}

function count(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}
