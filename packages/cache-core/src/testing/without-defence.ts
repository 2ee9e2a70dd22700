import type { Cache } from '../contracts/cache.ts';
import type { EntryRef, Invalidation } from '../contracts/invalidation.ts';
import type { BeginOptions, Begun, SharedTier, Stamps, StoredFrame, WriteOptions } from '../contracts/shared-tier.ts';
import { TieredCache } from '../cache.ts';
import { Engine } from '../engine.ts';
import { Fence } from '../fence.ts';
import { restampFrame } from '../frame.ts';
import { completeStamps } from '../judge.ts';
import type { CacheOptions } from '../policy.ts';

/**
 * What keeps a cache right. `stamps`: shared tiers void what was written before an invalidation. `journal`: so does the
 * process tier. `detach`: nobody joins a load that an invalidation has overtaken. `tags-before-load`: the stamps of tags are
 * those of the time before the source was read.
 */
export type Defence = 'stamps' | 'journal' | 'detach' | 'tags-before-load';

/**
 * A cache without one of its defences. A test of consistency that does not fail with it proves nothing.
 * Use: run the same schedules with `createCache`, where nothing stale may be seen, and with this, where something must.
 */
export function createCacheWithout<V>(defence: Defence, options: CacheOptions<V>): Cache<V> {
  const tiers = options.tiers?.map((tier) => weaken(defence, tier)) ?? [];
  const engine = new Engine({ ...options, tiers });
  if (defence === 'journal') engine.raiseFence = () => new Fence([]);
  if (defence === 'detach') {
    engine.flights.detach = () => {};
    engine.flights.detachKey = () => {};
  }
  return new TieredCache(engine);
}

function weaken(defence: Defence, tier: SharedTier): SharedTier {
  if (defence === 'stamps') return new StampsIgnored(tier);
  return defence === 'tags-before-load' ? new StampedLate(tier) : tier;
}

/** Passes everything on. */
class PassThrough implements SharedTier {
  readonly name: string;
  protected readonly inner: SharedTier;

  constructor(inner: SharedTier) {
    this.inner = inner;
    this.name = inner.name;
    if (inner.journal !== undefined) this.journal = inner.journal;
    if (inner.origin !== undefined) this.origin = inner.origin;
    if (inner.outbox !== undefined) this.outbox = inner.outbox;
  }

  readonly journal?: NonNullable<SharedTier['journal']>;
  readonly origin?: string;
  readonly outbox?: NonNullable<SharedTier['outbox']>;

  now(): number {
    return this.inner.now();
  }

  read(entries: readonly EntryRef[]): Promise<readonly StoredFrame[]> {
    return this.inner.read(entries);
  }

  begin(entry: EntryRef, options: BeginOptions): Promise<Begun> {
    return this.inner.begin(entry, options);
  }

  write(entry: EntryRef, frame: Uint8Array, options: WriteOptions): Promise<void> {
    return this.inner.write(entry, frame, options);
  }

  invalidate(invalidation: Invalidation): Promise<void> {
    return this.inner.invalidate(invalidation);
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}

/** Every stamp is the same for ever: an invalidation removes values, as other caches do, and nothing guards against late ones. */
class StampsIgnored extends PassThrough {
  override async read(entries: readonly EntryRef[]): Promise<readonly StoredFrame[]> {
    const stored = await this.inner.read(entries);
    return stored.map(({ bytes }, index) => ({ bytes, stamps: sameFor(entries[index]) }));
  }

  override async begin(entry: EntryRef, options: BeginOptions): Promise<Begun> {
    return { ...(await this.inner.begin(entry, options)), stamps: sameFor(entry) };
  }
}

/** A frame is written under the stamps of the moment of writing, whatever has happened since its source was read. */
class StampedLate extends PassThrough {
  override async write(entry: EntryRef, frame: Uint8Array, options: WriteOptions): Promise<void> {
    const { stamps } = await this.inner.begin(entry, { leaseMs: 0, stampTtlMs: options.ttlMs });
    const complete = completeStamps(stamps);
    await this.inner.write(entry, complete === undefined ? frame : restampFrame(frame, complete.tags), options);
  }
}

function sameFor(entry: EntryRef | undefined): Stamps {
  return { key: 1n, namespace: 1n, tags: entry?.tags.map(() => 1n) ?? [] };
}
