import type { Lease, SharedTier } from '../../contracts/shared-tier.ts';
import { wrapTier } from '../../tier.fixture.ts';
import type { FakeClock } from '../fake-clock.ts';
import type { BrokenTier } from './tier-defects.fixture.ts';
import { beginning, invalidating, stamping } from './tier-defects.fixture.ts';

/** Leases of its own, kept wrongly in one way. */
function leasing(tier: SharedTier, clock: FakeClock, flaw: 'any release' | 'survives' | 'prolonged'): SharedTier {
  const until = new Map<string, number>();
  const owner = new Map<string, Lease>();
  const wrong = beginning(tier, async (ref, options) => {
    const begun = await tier.begin(ref, { ...options, leaseMs: 0 });
    if (options.leaseMs === 0) return begun;
    if ((until.get(ref.key) ?? 0) > clock.now()) {
      if (flaw === 'prolonged') until.set(ref.key, clock.now() + options.leaseMs);
      return { ...begun, lease: 'elsewhere' };
    }
    until.set(ref.key, clock.now() + options.leaseMs);
    const lease: Lease = {
      release: async () => {
        if (flaw === 'any release' || owner.get(ref.key) === lease) until.delete(ref.key);
      },
    };
    owner.set(ref.key, lease);
    return { ...begun, lease };
  });
  return invalidating(wrong, async (invalidation) => {
    if (flaw !== 'survives' && invalidation.kind === 'keys') for (const key of invalidation.keys) until.delete(key);
    await tier.invalidate(invalidation);
  });
}

/** Defects of soft invalidation, leases and the rest. */
export const BROKEN_LEASES: readonly BrokenTier[] = [
  ['soft ones are ignored', 'soft invalidation > a key: softened or void, the rest stays', (tier) =>
    invalidating(tier, async (invalidation) => (invalidation.soft === true ? undefined : tier.invalidate(invalidation)))],
  ['soft ones are hard', 'soft invalidation > a key: softened or void, the rest stays', (tier) =>
    invalidating(tier, (invalidation) => tier.invalidate({ ...invalidation, soft: false }))],
  ['hard ones are soft', 'soft invalidation > a tag: softly twice, then hard', (tier) =>
    invalidating(tier, (invalidation) => tier.invalidate({ ...invalidation, soft: true }))],
  ['a soft one of a tag softens its namespace too', 'soft invalidation > only the stamps named are replaced, each by its successor', (tier) =>
    invalidating(tier, async (invalidation) => {
      await tier.invalidate(invalidation);
      if (invalidation.kind === 'tags' && invalidation.soft === true) await tier.invalidate({ ...invalidation, kind: 'namespace' });
    })],
  ['a soft one leaves no value', 'soft invalidation > a key: softened or void, the rest stays', (tier) =>
    invalidating(tier, async (invalidation) => {
      await tier.invalidate(invalidation);
      if (invalidation.kind !== 'keys') return;
      for (const key of invalidation.keys) await tier.write({ namespace: '', key, tags: [] }, Uint8Array.of(), { ttlMs: 0 });
    })],
  ['a second soft one undoes the first', 'soft invalidation > a key: softly twice, then hard', (tier) =>
    stamping(tier, (stamp) => ((stamp & 1n) === 0n ? stamp & ~0xffffn : stamp))],
  ['the lease is given to everybody', 'the lease > is given once, whoever asks', (tier) =>
    beginning(tier, async (ref, options) => {
      const begun = await tier.begin(ref, options);
      return begun.lease === 'elsewhere' ? { ...begun, lease: { release: async () => {} } } : begun;
    })],
  ['a lease is never given', 'the lease > is given once, whoever asks', (tier) =>
    beginning(tier, async (ref, options) => ({ ...(await tier.begin(ref, options)), lease: 'elsewhere' }))],
  ['a lease is taken by who does not ask', 'the lease > is not given to who does not ask, nor taken by them', (tier) =>
    beginning(tier, (ref, options) => tier.begin(ref, { ...options, leaseMs: options.leaseMs || 1000 }))],
  ['release does nothing', 'the lease > is free again when it is given back, on every connection', (tier) =>
    beginning(tier, async (ref, options) => {
      const begun = await tier.begin(ref, options);
      return typeof begun.lease === 'object' ? { ...begun, lease: { release: async () => {} } } : begun;
    })],
  ['any release frees the lease', 'the lease > ends by itself when its holder dies, and not before', (tier, clock) =>
    leasing(tier, clock, 'any release')],
  ['who is refused makes the lease longer', 'the lease > those who are refused do not make it longer', (tier, clock) =>
    leasing(tier, clock, 'prolonged')],
  ['a lease survives the invalidation of its key', 'the lease > is void once its key is invalidated', (tier, clock) =>
    leasing(tier, clock, 'survives')],
  ['a lease never ends', 'the lease > ends by itself when its holder dies, and not before', (tier) =>
    beginning(tier, (ref, options) => tier.begin(ref, { ...options, leaseMs: options.leaseMs * 1000 }))],
  ['a lease ends at once', 'the lease > ends by itself when its holder dies, and not before', (tier) =>
    beginning(tier, (ref, options) => tier.begin(ref, { ...options, leaseMs: options.leaseMs / 100 }))],
  ['a release rejects when the tier is closed', 'closing > a closed tier rejects or answers nothing, and nothing hangs', (tier) => {
    let closed = false;
    const wrong = beginning(tier, async (ref, options) => {
      const begun = await tier.begin(ref, options);
      const release = async (): Promise<void> => {
        if (closed) throw new Error('closed');
      };
      return typeof begun.lease === 'object' ? { ...begun, lease: { release } } : begun;
    });
    return wrapTier(wrong, { close: async () => ((closed = true), tier.close()) });
  }],
  ['beginMany answers in reverse', 'stamps > beginMany, if there is one, is as one begin each, in the order asked', (tier) =>
    wrapTier(tier, { beginMany: async (refs, options) => (await tier.beginMany(refs, options)).toReversed() })],
  ['beginMany takes no leases', 'stamps > beginMany, if there is one, is as one begin each, in the order asked', (tier) =>
    wrapTier(tier, { beginMany: (refs, options) => tier.beginMany(refs, { ...options, leaseMs: 0 }) })],
]; // prettier-ignore
