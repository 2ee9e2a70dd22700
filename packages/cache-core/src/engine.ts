import type { CacheEvent, RefusedWrite, StaleReason, TierOperation } from './contracts/events.ts';
import type { EntryRef, Invalidation } from './contracts/invalidation.ts';
import type { SharedOutbox } from './contracts/shared-outbox.ts';
import type { SharedTier } from './contracts/shared-tier.ts';
import { BackOff } from './back-off.ts';
import { Breakers } from './breaker.ts';
import { cacheChannel } from './diagnostics.ts';
import type { Fence } from './fence.ts';
import { attempt, concerns, merged, namedBy, names } from './fence.ts';
import { Hearing } from './hearing.ts';
import type { CacheOptions, Policy } from './policy.ts';
import { resolvePolicy } from './policy.ts';
import type { Keyspace } from './keyspace.ts';
import { createKeyspace } from './keyspace.ts';
import { Outbox } from './outbox.ts';
import { ProcessTier } from './process-tier.ts';
import type { Fallback, Flight } from './flight.ts';
import { SingleFlight } from './single-flight.ts';
import { SourceLag } from './source-lag.ts';
import { PROCESS_TIER, StatsRecorder } from './stats.ts';
import { BUS, spreadAgain } from './spread.ts';

/** What the parts of one cache share: its policy, its process tier, the loads in flight and what it hears of others. */
export class Engine<V> {
  readonly policy: Policy<V>;
  readonly keyspace: Keyspace;
  readonly process: ProcessTier<V>;
  readonly flights: SingleFlight<V>;
  readonly hearing: Hearing;
  readonly backOff: BackOff;
  readonly breakers: Breakers;
  readonly outbox: Outbox;
  /** The tier that keeps what the machine owes to those behind it; `undefined` when there is nobody to owe to. */
  readonly ledger: Ledger | undefined;
  readonly lag: SourceLag<V>;
  readonly stats: StatsRecorder = new StatsRecorder();
  readonly refOf: (key: string, tags?: readonly string[]) => EntryRef;
  closed = false;
  readonly #background = new Set<Promise<unknown>>();

  constructor(options: CacheOptions<V>) {
    this.policy = resolvePolicy(options);
    this.keyspace = createKeyspace(options);
    this.refOf = refsOf(this.keyspace, options);
    const { tiers, bus, clock, backOffMs, maxBackOffMs, settleMs, versionOf } = this.policy;
    this.ledger = ledgerOf(tiers, bus !== undefined);
    this.backOff = new BackOff(backOffMs, maxBackOffMs);
    this.lag = new SourceLag(settleMs, versionOf);
    this.breakers = new Breakers((event) => this.emit?.(event));
    this.flights = new SingleFlight(clock, (...told) => this.#servedFallback(...told));
    this.process = new ProcessTier({
      maxBytes: this.policy.maxBytes,
      onEvict: (key, bytes) => {
        this.stats.evictions++;
        this.emit?.({ type: 'eviction', tier: PROCESS_TIER, keyHash: this.hashOf(key), bytes });
      },
    });
    this.outbox = new Outbox({
      clock,
      namespace: this.keyspace.namespace,
      isAway: (name) => this.isAway(name),
      deliver: (invalidation, missing) => this.background(spreadAgain(this, invalidation, missing)),
      onChange: (to, pending) => this.emit?.({ type: 'outbox', to, pending }),
    });
    this.hearing = new Hearing({
      tiers,
      bus,
      clock,
      mutable: options.immutable !== true,
      isWatched: this.policy.isWatched,
      unwatchedTtl: this.policy.unwatchedTtl,
      onInvalidations: (invalidations) => {
        for (const invalidation of merged(invalidations, this.keyspace.namespace)) this.drop(invalidation);
      },
      onOverrun: () => this.drop({ kind: 'namespace', namespace: this.keyspace.namespace }),
      emit: (event) => this.emit?.(event),
    });
  }

  /** Undefined when nobody listens, so that no event is even built: `emit?.({ … })`. */
  get emit(): ((event: CacheEvent) => void) | undefined {
    return this.policy.onEvent !== undefined || cacheChannel.hasSubscribers ? this.#emit : undefined;
  }

  /** Whether there is anything below the process tier to ask. */
  get hasShared(): boolean {
    return this.policy.tiers.length > 0 && !this.closed;
  }

  /** Whether a tier, or the bus, is known not to answer now. */
  isAway(name: string): boolean {
    const { tiers, bus } = this.policy;
    return (name === BUS ? bus : tiers.find((tier) => tier.name === name))?.isAvailable === false;
  }

  /** Whether this machine owes the tiers behind its ledger an invalidation of this entry: they may still give the old value. */
  isOwedBehind(tier: SharedTier, ref: EntryRef): boolean {
    const { ledger } = this;
    if (ledger === undefined || tier === ledger.tier) return false;
    return attempt(() => ledger.outbox.owed().some((invalidation) => names(invalidation, ref))) ?? false;
  }

  /** Work nobody waits for on the turn path; `close()` does. It must not reject. @returns the work. */
  background<T>(work: Promise<T>): Promise<T> {
    this.#background.add(work);
    void work.finally(() => this.#background.delete(work));
    return work;
  }

  /** Resolves when the background work of this moment has ended. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#background);
  }

  /** The time, having heard what others have invalidated if that is due. Called before every read. */
  hear(): number {
    const nowMs = this.policy.clock.now();
    if (this.hearing.isDue(nowMs)) this.hearing.catchUp(nowMs);
    return nowMs;
  }

  /** Raised before the first read of a lookup; asked before its result is inserted anywhere. */
  raiseFence: () => Fence = () => this.hearing.raiseFence();

  /** Makes an invalidation hold in this process, at once. `keys` are the logical ones, where they are known. */
  invalidateHere(invalidation: Invalidation, keys?: readonly string[]): void {
    this.hearing.note(invalidation);
    if (keys === undefined) {
      this.drop(invalidation);
      return;
    }
    this.lag.invalidated(invalidation, this.policy.clock.now());
    for (const key of keys) {
      this.process.invalidate(key, invalidation.soft === true);
      this.flights.detachKey(key);
      this.backOff.forget(key);
    }
  }

  /** Drops from this process what an invalidation names: entries, and the right of loads in flight to be joined and stored. */
  drop(invalidation: Invalidation): void {
    const { namespace } = this.keyspace;
    if (!concerns(invalidation, { namespace, immutable: !this.hearing.mutable })) return;
    this.lag.invalidated(invalidation, this.policy.clock.now());
    const isNamed = namedBy(invalidation);
    this.backOff.forgetWhere(isNamed);
    this.flights.detach((flight) => isNamed(flight.ref));
    const { kind, soft = false } = invalidation;
    if (kind === 'keys') for (const key of invalidation.keys) this.process.invalidatePhysical(key, soft);
    else if (kind === 'tags') for (const tag of invalidation.tags) this.process.invalidateTag(tag, soft);
    else if (soft) this.process.softenAll();
    else this.process.clear();
  }

  refused(ref: EntryRef, reason: RefusedWrite): void {
    this.stats.refusedWrite(reason);
    this.emit?.({ type: 'refused-write', keyHash: hashOfRef(ref), reason });
  }

  tierFailed(tier: SharedTier, operation: TierOperation, error: unknown): void {
    this.stats.tierErrors++;
    this.emit?.({ type: 'tier-error', tier: tier.name, operation, error });
  }

  servedStale(key: string, { originMs, loadCostMs }: Fallback<V>, reason: StaleReason): void {
    this.stats.staleHit(reason, loadCostMs);
    this.emit?.({ type: 'stale-hit', keyHash: this.hashOf(key), ageMs: this.policy.clock.now() - originMs, reason });
  }

  hashOf(key: string): string {
    return hashOfKey(this.keyspace, this.keyspace.keyOf(key));
  }

  readonly #emit = (event: CacheEvent): void => {
    this.policy.onEvent?.(event);
    if (cacheChannel.hasSubscribers) cacheChannel.publish({ namespace: this.keyspace.namespace, event });
  };

  #servedFallback(fallback: Fallback<V>, error: unknown, flight: Flight<V>): void {
    const reason = error === undefined ? 'revalidating' : flight.resting ? 'back-off' : 'error';
    const callers = flight.waiting - flight.late - (flight.background ? 1 : 0);
    for (let caller = 0; caller < callers; caller++) this.servedStale(flight.key, fallback, reason);
  }
}

/** A tier with an outbox. */
interface Ledger {
  readonly tier: SharedTier;
  readonly outbox: SharedOutbox;
}

function ledgerOf(tiers: readonly SharedTier[], hasBus: boolean): Ledger | undefined {
  // That of the machine, which is where its journal is.
  const index = tiers.findIndex(({ journal, outbox }) => journal !== undefined && outbox !== undefined);
  const tier = tiers[index];
  if (tier?.outbox === undefined || (index === tiers.length - 1 && !hasBus)) return undefined;
  return { tier, outbox: tier.outbox };
}

/** The physical names of a key: its tags are known before it is loaded. */
function refsOf<V>(keyspace: Keyspace, { tagsOf, immutable }: CacheOptions<V>): Engine<V>['refOf'] {
  return (key, tags = []) => {
    const ref = keyspace.refOf(key, tagsOf === undefined ? tags : [...new Set([...tagsOf(key), ...tags])]);
    return immutable === true ? { ...ref, immutable } : ref;
  };
}

/** The 16 hex digits by which events speak of a key. */
export function hashOfRef(ref: EntryRef): string {
  return hashOfKey(ref, ref.key);
}

function hashOfKey({ namespace }: { readonly namespace: string }, physicalKey: string): string {
  return physicalKey.slice(namespace.length + 1, namespace.length + 17);
}
