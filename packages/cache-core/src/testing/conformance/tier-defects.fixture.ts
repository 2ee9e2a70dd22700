import type { EntryRef, Invalidation } from '../../contracts/invalidation.ts';
import type { Begun, BeginOptions, SharedTier, Stamp, StoredFrame } from '../../contracts/shared-tier.ts';
import type { MemorySharedTier } from '../../memory-shared-tier.ts';
import { wrapTier } from '../../tier.fixture.ts';
import type { FakeClock } from '../fake-clock.ts';

type Make = (tier: MemorySharedTier, clock: FakeClock) => SharedTier;

/** A tier with one defect, and the name of one check that must find it. */
export type BrokenTier = readonly [defect: string, caughtBy: string, make: Make];

const NO_ENTRY: EntryRef = { namespace: '', key: '', tags: [] };

/** Changes what comes back of every entry. */
export function answering(
  tier: SharedTier,
  change: <F extends StoredFrame>(stored: F, ref: EntryRef) => F,
): SharedTier {
  const all = <F extends StoredFrame>(refs: readonly EntryRef[], stored: readonly F[]): readonly F[] =>
    stored.map((one, index) => change(one, refs[index] ?? NO_ENTRY));
  return wrapTier(tier, {
    read: async (refs) => all(refs, await tier.read(refs)),
    begin: async (ref, options) => change(await tier.begin(ref, options), ref),
    beginMany: async (refs, options) => all(refs, (await tier.beginMany?.(refs, options)) ?? []),
  });
}

/** Changes every stamp that comes back. */
export function stamping(
  tier: SharedTier,
  change: (stamp: Stamp, name: string, ref: EntryRef) => Stamp | undefined,
): SharedTier {
  const of = (stamp: Stamp | undefined, name: string, ref: EntryRef) =>
    stamp === undefined ? undefined : change(stamp, name, ref);
  return answering(tier, (stored, ref) => ({
    ...stored,
    stamps: {
      key: of(stored.stamps.key, ref.key, ref),
      namespace: of(stored.stamps.namespace, ref.namespace, ref),
      tags: stored.stamps.tags.map((stamp, index) => of(stamp, ref.tags[index] ?? '', ref)),
    },
  }));
}

/** Changes the bytes that come back. */
export function bytes(tier: SharedTier, change: (bytes: Uint8Array) => Uint8Array | undefined): SharedTier {
  return answering(tier, (stored) => ({ ...stored, bytes: stored.bytes && change(stored.bytes) }));
}

/** Carries out invalidations in another way. */
export function invalidating(tier: SharedTier, change: (invalidation: Invalidation) => Promise<void>): SharedTier {
  return wrapTier(tier, { invalidate: change });
}

/** Carries out `begin`, and `beginMany` with it, in another way. */
export function beginning(
  tier: SharedTier,
  begin: (ref: EntryRef, options: BeginOptions) => Promise<Begun>,
): SharedTier {
  return wrapTier(tier, {
    begin,
    beginMany: (refs, options) => Promise.all(refs.map((ref) => begin(ref, options))),
  });
}
