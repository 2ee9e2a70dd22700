import type { Bus, Cache, CacheOptions, SharedTier } from '@warmline/cache-core';
import { MemoryBus, Pump } from '@warmline/cache-core';
import { scheduledBus } from '@warmline/cache-core/testing';
import type { Cell } from './cells.ts';
import { NO_MACHINE } from './truth.ts';
import type { Copy, Truth, Who } from './truth.ts';
import type { Stage } from './watched-tier.ts';
import { WatchedTier } from './watched-tier.ts';

/** The one key that everybody wants. */
export const KEY = 'k';
const NAME = 'races';
export const TAG = 't';
export const TTL_MS = 60_000;
const GRACE_MS = 600_000;
/** After it a caller who has a stale value takes that. */
export const SOFT_TIMEOUT_MS = 20;
/** So early that it is always due. */
const ALWAYS_EARLY = 1e9;
/** Rare, because each beat is four steps that interest nobody here. */
const PUMP = { heartbeatMs: 20_000, liveMs: 50_000 };

/** Of the schedules with one shared tier: it is one that machines share, which keeps no journal. */
const NO_HOST_SHARE = 0.2;

/** A process. */
export interface Party extends Who {
  readonly cache: Cache<Copy>;
}

/** What is drawn for a whole schedule. */
export interface Settings {
  readonly leaseMs: number;
  readonly hardTimeoutMs: number;
  readonly duplicates: number;
}

export type CreateCache = (options: CacheOptions<Copy>) => Cache<Copy>;

/**
 * The processes of one schedule. A and B are on machine 1 and C is on machine 2:
 * one tier: A, and C if there is a bus. Two tiers: A and B over the tier of their machine, and C over its own if there is a
 * bus; or all over a tier of the cluster, on machines without a tier. Three: all of them, over both.
 */
export class World {
  readonly parties: Party[] = [];
  /** Whether machines have tiers. */
  readonly hasHosts: boolean;
  readonly cell: Cell;
  readonly stage: Stage;
  readonly truth: Truth;
  readonly #settings: Settings;
  readonly #createCache: CreateCache;
  readonly #hosts = new Map<number, WatchedTier>();
  readonly #cluster: WatchedTier | undefined;
  readonly #bus: Bus | undefined;
  readonly #pumps: Pump[] = [];
  /** Messages that wait in outboxes, by process and addressee. */
  readonly #unsent = new Map<string, number>();

  constructor(cell: Cell, stage: Stage, truth: Truth, settings: Settings, createCache: CreateCache) {
    this.cell = cell;
    this.stage = stage;
    this.truth = truth;
    this.#settings = settings;
    this.#createCache = createCache;
    const open = (name: string): WatchedTier => new WatchedTier(name, stage, settings.duplicates);
    this.#bus = cell.invalidation === 'bus' ? new MemoryBus() : undefined;
    this.hasHosts = cell.levels === 3 || (cell.levels === 2 && stage.random() >= NO_HOST_SHARE);
    this.#cluster = cell.levels > 1 && !(cell.levels === 2 && this.hasHosts) ? open('cluster') : undefined;
    const machines = this.#cluster !== undefined || this.#bus !== undefined ? [1, 2] : [1];
    if (this.hasHosts) for (const machine of machines) this.#hosts.set(machine, open('host'));
  }

  async populate(): Promise<void> {
    for (const [machine, host] of this.#hosts) if (this.#bus !== undefined) this.#pump(machine, host, this.#bus);
    this.parties.push(this.openParty('A'));
    if (this.cell.levels > 1) this.parties.push(this.openParty('B'));
    if (this.cell.levels === 3 || this.#bus !== undefined) this.parties.push(this.openParty('C'));
    // A subscription begins with a gap: what is set up before it stands would be thrown away.
    await settled();
  }

  /** A process on its machine; without a tier there, every process counts as a machine. */
  openParty(name: string): Party {
    const machine = name === 'C' ? 2 : name === 'B' && !this.hasHosts ? 3 : 1;
    const host = this.#hosts.get(machine);
    const tiers = [...(host === undefined ? [] : [host.view(`${name} host`, true)]), ...this.#clusterFor(name)];
    return this.#open({ name, machine }, tiers);
  }

  /** A process on a machine that has nothing yet. */
  openNewcomer(name: string): Party | undefined {
    const tiers = this.#clusterFor(name);
    return tiers.length === 0 ? undefined : this.#open({ name, machine: NO_MACHINE }, tiers);
  }

  /** Somebody who has a value to promote from the lowest tier. */
  openSeeder(): Party {
    return this.openNewcomer('S') ?? this.openParty('S');
  }

  tiers(): readonly (readonly [string, WatchedTier])[] {
    const hosts = [...this.#hosts].map(([machine, host]) => [`host ${machine}`, host] as const);
    return this.#cluster === undefined ? hosts : [...hosts, ['cluster', this.#cluster]];
  }

  /** The clock of the cluster's server jumps. */
  jump(byMs: number): void {
    this.#cluster?.jump(byMs);
  }

  async close(): Promise<void> {
    for (const { cache } of this.parties) await cache.close();
    for (const pump of this.#pumps) await pump.close();
  }

  #clusterFor(name: string): SharedTier[] {
    return this.#cluster === undefined ? [] : [this.#cluster.view(`${name} cluster`, false)];
  }

  #open(who: Who, tiers: readonly SharedTier[]): Party {
    const { clock, coverage } = this.stage;
    const { load } = this.cell;
    const covered = coverage.listener(load === 'after soft timeout');
    const isStale = load === 'background refresh' || load === 'after soft timeout';
    const cache = this.#createCache({
      name: NAME,
      clock,
      tiers,
      ttl: TTL_MS,
      grace: isStale ? GRACE_MS : 0,
      softTimeoutMs: load === 'after soft timeout' ? SOFT_TIMEOUT_MS : 0,
      earlyRefresh: load === 'early refresh' ? ALWAYS_EARLY : 0,
      tagsOf: () => [TAG],
      leaseMs: this.#settings.leaseMs,
      hardTimeoutMs: this.#settings.hardTimeoutMs,
      ...(this.#bus === undefined || who.machine === NO_MACHINE ? {} : { bus: this.#busFor(who, this.#bus) }),
      onEvent: (event) => {
        covered(event);
        if (event.type === 'outbox') this.#noteOutbox(who.name, event.to, event.pending);
      },
    });
    return { ...who, cache };
  }

  #noteOutbox(name: string, to: string, pending: number): void {
    this.#unsent.set(`${name} ${to}`, pending);
    if (this.isSent(name)) this.truth.acknowledge(name, this.stage.clock.now());
  }

  /** Whether the outbox of a process is empty. */
  isSent(name: string): boolean {
    return [...this.#unsent].every(([of, pending]) => !of.startsWith(`${name} `) || pending === 0);
  }

  #busFor(who: Who, bus: Bus): Bus {
    const scheduled = scheduledBus(bus, this.stage.schedule, `${who.name} bus`);
    return {
      publish: (message) => {
        // Heartbeats have a namespace of their own.
        if (message.namespace.endsWith(`:${NAME}`)) this.truth.published(who.name, message);
        return scheduled.publish(message);
      },
      subscribe: (onMessage, onGap) =>
        scheduled.subscribe((message) => {
          onMessage(message);
          this.stage.coverage.add('messages_heard');
          this.truth.heard(who.machine, message, this.stage.clock.now());
        }, onGap),
    };
  }

  #pump(machine: number, host: WatchedTier, bus: Bus): void {
    const { clock, schedule, coverage } = this.stage;
    const view = host.view(`pump ${machine} host`, true);
    const pump = new Pump({
      ...PUMP,
      clock,
      origin: view.origin,
      bus: scheduledBus(bus, schedule, `pump ${machine} bus`),
      target: {
        invalidate: async (message) => {
          await view.invalidate(message);
          coverage.add('messages_heard');
          this.truth.heard(machine, message, clock.now());
        },
        stayLive: async (forMs) => view.stayLive?.(forMs),
      },
    });
    this.#pumps.push(pump);
  }
}

/** Lets everything run that waits for promises only, however many stand behind each other. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
