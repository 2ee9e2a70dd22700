// Longer than most: one world has its machines, processes, pumps, messages and their truth, which only make sense together.
import type { Cache } from '../../contracts/cache.ts';
import type { CacheEvent } from '../../contracts/events.ts';
import type { Invalidation } from '../../contracts/invalidation.ts';
import { EVERY_MUTABLE_NAMESPACE } from '../../contracts/invalidation.ts';
import type { SharedTier } from '../../contracts/shared-tier.ts';
import type { CacheOptions } from '../../policy.ts';
import { Pump } from '../../pump.ts';
import type { FakeClock } from '../fake-clock.ts';
import type { Change, Copy, ReferenceModel } from '../reference-model.ts';
import type { ModelPolicy } from './commands.ts';
import { TTL_MS } from './commands.ts';
import { FaultyTier } from './faulty-tier.ts';
import { ModelBus } from './model-bus.ts';
import type { ModelProcess, ModelStage, Sent } from './stage.ts';
import { NAME, Names, signatureOf, tagOf } from './names.ts';

/** Machine, process, scope. */
const SLOTS = [
  [0, 'A1', 'one'],
  [0, 'A2', 'one'],
  [1, 'B1', 'one'],
  [1, 'B2', 'one'],
  [0, 'A3', 'two'],
] as const;
const HEARTBEAT = '~heartbeat';

/** @see World */
export interface WorldOptions {
  readonly clock: FakeClock;
  readonly stage: ModelStage;
  readonly policy: ModelPolicy;
  readonly reference: ReferenceModel;
  readonly createCache: (options: CacheOptions<Copy>) => Cache<Copy>;
  readonly onEvent: (process: string, event: CacheEvent) => void;
  /** An invalidation is being applied somewhere. */
  readonly onTouch: (cells: readonly string[]) => void;
}

/** Two machines, two processes each and one of another scope, and what passes between them. */
export class World {
  readonly processes: ModelProcess[] = [];
  readonly tiers: readonly FaultyTier[];
  readonly bus: ModelBus;
  readonly #options: WorldOptions;
  readonly #machines: readonly (readonly FaultyTier[])[];
  readonly #pumps: Pump[] = [];
  /** Those that have ended, too: what they have sent is still under way. */
  readonly #all = new Map<string, ModelProcess>();
  readonly names: Names = new Names();
  /** Published messages and what they are about. */
  readonly #messages = new Map<Invalidation, Sent>();
  #restarts = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
    const { clock, stage } = options;
    const known = new Map<SharedTier, FaultyTier>();
    this.#machines = stage.machines.map((tiers) =>
      tiers.map((tier) => {
        const faulty =
          known.get(tier) ?? new FaultyTier(this.#witnessed(tier), clock, (invalidation) => this.#tried(invalidation));
        known.set(tier, faulty);
        return faulty;
      }),
    );
    this.tiers = [...known.values()];
    this.bus = new ModelBus(clock, {
      onPublish: (by, invalidation) => this.#published(by, invalidation),
      onMessage: (where, invalidation) => this.#heard(where, invalidation),
      onGap: (where) => this.#gap(where),
    });
    this.#machines.forEach((tiers, machine) => this.#startPump(tiers, machineName(machine)));
    SLOTS.forEach((_, slot) => this.#open(slot));
  }

  /** A process, also one that has ended. */
  known(id: string): ModelProcess {
    const process = this.#all.get(id);
    if (process === undefined) throw new RangeError(`there is no process ${id}`);
    return process;
  }

  /** Ends a process and starts another in its place. @returns its end. */
  restart(slot: number): Promise<void> {
    const old = this.processes[slot];
    if (old === undefined) throw new RangeError(`there is no process ${slot}`);
    old.closed = true;
    const closing = old.cache.close();
    this.#restarts++;
    this.#open(slot);
    return closing;
  }

  /** An invalidation is about to be called. */
  sends(by: ModelProcess, invalidation: Invalidation, change: Change): Sent {
    const sent = { by, signature: signatureOf(invalidation), change, soft: invalidation.soft === true, published: false, pending: false };
    by.owed.push(sent);
    return sent;
  } // prettier-ignore

  /** An invalidation has resolved. One that is pending reaches its own machine when the outbox is empty again. */
  resolved(sent: Sent, pending: boolean): void {
    const { clock, reference, onTouch } = this.#options;
    const { by, change, soft } = sent;
    sent.pending = pending;
    reference.resolved(change, by.id, clock.now(), soft);
    if (!pending) reference.reached(change, by.hearsAt, clock.now(), soft);
    onTouch([...change.keys()]);
  }

  heal(): void {
    for (const tier of this.tiers) tier.heal();
    this.bus.heal();
  }

  async close(): Promise<void> {
    for (const process of this.processes) {
      process.closed = true;
      await process.cache.close();
    }
    for (const pump of this.#pumps) await pump.close();
  }

  #open(slot: number): void {
    const [machine, name, scope] = SLOTS[slot] ?? SLOTS[0];
    const { clock, policy, createCache, stage } = this.#options;
    const tiers = this.#machines[machine] ?? [];
    const id = this.#restarts === 0 ? name : `${name}.${this.#restarts}`;
    const keeper = tiers.some(({ tier }) => tier.journal !== undefined);
    const hearsAt = keeper ? machineName(machine) : id;
    const shared = stage.machines[0].some((tier) => stage.machines[1].includes(tier));
    const { calm: _, versioned, ...times } = policy;
    const cache = createCache({
      ...times,
      name: NAME,
      scope,
      clock,
      ttl: TTL_MS,
      tiers: tiers.map(({ tier }) => tier),
      bus: this.bus.at(hearsAt, id),
      tagsOf: (key) => [tagOf(key)],
      ...(versioned ? { versionOf: ({ version }: Copy) => version } : {}),
      onEvent: (event) => this.#told(id, event),
    });
    const process: ModelProcess = {
      id,
      slot,
      hearsAt,
      sharesWith: tiers.length === 0 ? id : shared ? 'all' : machineName(machine),
      scope,
      cache,
      tiers,
      outbox: new Map(),
      owed: [],
      closed: false,
    };
    this.processes[slot] = process;
    this.#all.set(id, process);
  }

  #told(id: string, event: CacheEvent): void {
    this.#options.onEvent(id, event);
    if (event.type !== 'outbox') return;
    const process = this.#all.get(id);
    process?.outbox.set(event.to, event.pending);
    if (process === undefined) return;
    const { clock, reference, onTouch } = this.#options;
    // What has not arrived is made to hold in this process once more when that is known, which may be seconds after the call.
    for (const { change } of process.owed) onTouch([...change.keys()]);
    if (!isEmpty(process.outbox)) return;
    for (const { change, soft, pending } of process.owed) {
      if (pending) reference.reached(change, process.hearsAt, clock.now(), soft);
    }
  }

  #published(by: string, invalidation: Invalidation): { confirmed(): void } {
    if (invalidation.namespace === HEARTBEAT) return { confirmed: () => {} };
    this.#options.onTouch(this.names.cellsOf(invalidation));
    const signature = signatureOf(invalidation);
    // Where two of the same are under way this is the older one: its promise is the weaker.
    const sent = this.#all.get(by)?.owed.find((one) => !one.published && one.signature === signature);
    if (sent !== undefined) this.#messages.set(invalidation, sent);
    return {
      confirmed: () => {
        if (sent !== undefined) sent.published = true;
      },
    };
  }

  #tried(invalidation: Invalidation): void {
    this.#options.onTouch(this.names.cellsOf(invalidation));
  }

  /** A process that listens itself has a message; a machine has it when its pump has applied it. */
  #heard(where: string, invalidation: Invalidation): void {
    this.#options.onTouch(this.names.cellsOf(invalidation));
    if (this.#pumps.length === 0) this.#applied(where, [invalidation]);
  }

  #gap(where: string): void {
    if (this.#pumps.length === 0) this.#applied(where, [...this.#messages.keys()]);
    this.#options.onTouch(this.names.cellsOf({ kind: 'namespace', namespace: EVERY_MUTABLE_NAMESPACE }));
  }

  #applied(where: string, invalidations: readonly Invalidation[]): void {
    const { clock, reference } = this.#options;
    for (const invalidation of invalidations) {
      const sent = this.#messages.get(invalidation);
      if (sent !== undefined) reference.reached(sent.change, where, clock.now(), sent.soft);
    }
  }

  #startPump(tiers: readonly FaultyTier[], machine: string): void {
    const { clock, onEvent } = this.#options;
    const keeper = tiers.find(({ tier }) => tier.journal !== undefined)?.tier;
    if (keeper === undefined) return;
    const { origin } = keeper;
    this.#pumps.push(
      new Pump({
        bus: this.bus.at(machine, machine),
        clock,
        origin,
        onEvent: (event) => onEvent(machine, event),
        target: {
          invalidate: async (invalidation) => {
            const isGap = invalidation.namespace === EVERY_MUTABLE_NAMESPACE;
            const reached = isGap ? [...this.#messages.keys()] : [invalidation];
            await keeper.invalidate(invalidation);
            this.#applied(machine, reached);
          },
          stayLive: async (forMs) => keeper.stayLive?.(forMs),
        },
      }),
    );
  }

  /** The tier, telling of every invalidation before and after it is carried out. Without a journal its time is the model's. */
  #witnessed(tier: SharedTier): SharedTier {
    const { clock, onTouch } = this.#options;
    return new Proxy(tier, {
      get: (target, member) => {
        if (member === 'now' && target.journal === undefined) return () => clock.now();
        if (member === 'invalidate') {
          return async (invalidation: Invalidation) => {
            onTouch(this.names.cellsOf(invalidation));
            await target.invalidate(invalidation);
            onTouch(this.names.cellsOf(invalidation));
          };
        }
        const own: unknown = Reflect.get(target, member, target);
        return typeof own === 'function' ? own.bind(target) : own;
      },
    });
  }
}

function machineName(machine: number): string {
  return `machine ${machine === 0 ? 'A' : 'B'}`;
}

/** Whether everybody has acknowledged everything. */
export function isEmpty(outbox: ReadonlyMap<string, number>): boolean {
  return [...outbox.values()].every((pending) => pending === 0);
}
