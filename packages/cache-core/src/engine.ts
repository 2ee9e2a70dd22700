import type { CacheEvent, RefusedWrite } from './contracts/events.ts';
import type { EntryRef, Invalidation } from './contracts/invalidation.ts';
import type { Journal } from './contracts/journal.ts';
import { Fence, names } from './fence.ts';
import type { CacheOptions, Policy } from './policy.ts';
import { resolvePolicy } from './policy.ts';
import type { Keyspace } from './keyspace.ts';
import { createKeyspace } from './keyspace.ts';
import { MemoryJournal } from './memory-journal.ts';
import { ProcessTier } from './process-tier.ts';
import { SingleFlight } from './single-flight.ts';
import { PROCESS_TIER, StatsRecorder } from './stats.ts';

/** How stale a process may be towards its machine's journal; the promise is 5 ms. */
const JOURNAL_CHECK_MS = 2;

/** What the parts of one cache share: its policy, its process tier, the loads in flight and the journals it obeys. */
export class Engine<V> {
  readonly policy: Policy<V>;
  readonly keyspace: Keyspace;
  readonly process: ProcessTier<V>;
  readonly flights: SingleFlight<V>;
  readonly stats: StatsRecorder = new StatsRecorder();
  /** Undefined when nobody listens, so that no event is even built: `onEvent?.({ … })`. */
  readonly onEvent: ((event: CacheEvent) => void) | undefined;
  closed = false;
  /** This process's own invalidations: they hold at once, before any shared tier has answered. */
  readonly #own = new MemoryJournal();
  readonly #followed: { readonly journal: Journal; sequence: number }[];
  readonly #journals: readonly Journal[];
  readonly #background = new Set<Promise<unknown>>();
  #checkedMs = 0;

  constructor(options: CacheOptions<V>) {
    this.policy = resolvePolicy(options);
    this.keyspace = createKeyspace(options);
    this.onEvent = this.policy.onEvent;
    this.flights = new SingleFlight();
    this.process = new ProcessTier({
      maxBytes: this.policy.maxBytes,
      clock: this.policy.clock,
      onEvict: (key, bytes) => {
        this.stats.evictions++;
        this.onEvent?.({ type: 'eviction', tier: PROCESS_TIER, keyHash: this.hashOf(key), bytes });
      },
    });
    const shared = this.policy.tiers.flatMap((tier) => tier.journal ?? []);
    this.#followed = shared.map((journal) => ({ journal, sequence: journal.sequence() }));
    this.#journals = [this.#own, ...shared];
  }

  /** Whether there is anything below the process tier to ask. */
  get hasShared(): boolean {
    return this.policy.tiers.length > 0 && !this.closed;
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

  /** Raised before the first read of a lookup; asked before its result is inserted anywhere. */
  raiseFence(): Fence {
    return new Fence(this.#journals);
  }

  /** Makes an invalidation of these logical keys hold in this process, at once. */
  invalidateKeys(keys: readonly string[]): Invalidation {
    const invalidation = {
      kind: 'keys',
      namespace: this.keyspace.namespace,
      keys: keys.map((key) => this.keyspace.keyOf(key)),
    } as const;
    this.#own.append(invalidation);
    const named = new Set(keys);
    for (const key of named) this.process.delete(key);
    this.flights.detach((key) => named.has(key));
    return invalidation;
  }

  /** As {@link invalidateKeys} for every key of this cache. */
  invalidateAll(): Invalidation {
    const invalidation = { kind: 'namespace', namespace: this.keyspace.namespace } as const;
    this.#own.append(invalidation);
    this.#drop(invalidation);
    return invalidation;
  }

  /** Drops what other processes have invalidated since the last look. Cheap enough for every read. */
  catchUp(force = false): void {
    if (this.#followed.length === 0) return;
    const now = this.policy.clock.now();
    if (!force && now - this.#checkedMs < JOURNAL_CHECK_MS) return;
    this.#checkedMs = now;
    for (const followed of this.#followed) {
      const sequence = followed.journal.sequence();
      if (sequence === followed.sequence) continue;
      const invalidations = followed.journal.since(followed.sequence);
      followed.sequence = sequence;
      if (invalidations === 'overrun') this.#drop({ kind: 'namespace', namespace: this.keyspace.namespace });
      else for (const invalidation of invalidations) this.#drop(invalidation);
    }
  }

  refused(ref: EntryRef, reason: RefusedWrite): void {
    this.stats.refusedWrite(reason);
    this.onEvent?.({ type: 'refused-write', keyHash: hashOfRef(ref), reason });
  }

  hashOf(key: string): string {
    return hashOfRef(this.keyspace.refOf(key));
  }

  #drop(invalidation: Invalidation): void {
    if (invalidation.namespace !== this.keyspace.namespace) return;
    if (invalidation.kind === 'namespace') {
      this.process.clear();
      this.flights.detach(() => true);
      return;
    }
    const isNamed = (key: string, ref?: EntryRef): boolean => names(invalidation, ref ?? this.keyspace.refOf(key));
    this.process.deleteWhere(isNamed);
    this.flights.detach(isNamed);
  }
}

/** The 16 hex digits by which events speak of a key. */
export function hashOfRef(ref: EntryRef): string {
  return ref.key.slice(ref.namespace.length + 1, ref.namespace.length + 17);
}
