import type { EntryRef, Invalidation } from '../../contracts/invalidation.ts';
import { EVERY_MUTABLE_NAMESPACE } from '../../contracts/invalidation.ts';
import type { Stamp } from '../../contracts/shared-tier.ts';
import { turn, wrapTier } from '../../tier.fixture.ts';
import type { BrokenTier } from './tier-defects.fixture.ts';
import { answering, beginning, invalidating, stamping } from './tier-defects.fixture.ts';

const isEvery = ({ namespace }: Invalidation): boolean => namespace === EVERY_MUTABLE_NAMESPACE;

/** Defects of stamps and invalidations. */
export const BROKEN_STAMPS: readonly BrokenTier[] = [
  ['begin replaces the stamps', 'stamps > begin keeps what exists, on every connection', (tier) => {
    let count = 0n;
    const wrong = stamping(tier, (stamp) => stamp ^ (count << 20n));
    return wrapTier(wrong, { begin: (...asked) => (count++, wrong.begin(...asked)) });
  }],
  ['a stamp is the same each time', 'stamps > no stamp ever comes back', (tier) =>
    stamping(tier, (stamp, name) => (BigInt(name.length) << 16n) | (stamp & 0xffffn))],
  ['one stamp for all tags', 'stamps > begin creates what is missing: 64 random bits each, seen by every connection', (tier) =>
    answering(tier, (stored) => {
      const tags = stored.stamps.tags.map(() => stored.stamps.tags[0]);
      return { ...stored, stamps: { ...stored.stamps, tags } };
    })],
  ['stamps of tags in alphabetical order', 'stamps > stamps of tags come in the order of the tags', (tier) =>
    answering(tier, (stored, ref) => {
      const byName = new Map(ref.tags.map((tag, index) => [tag, stored.stamps.tags[index]]));
      return { ...stored, stamps: { ...stored.stamps, tags: ref.tags.toSorted().map((tag) => byName.get(tag)) } };
    })],
  ['those who begin at the same time get different stamps', 'stamps > those who begin at the same time get the same stamps', (tier) => {
    const rivals = new Map<string, bigint>();
    const wrong = stamping(tier, (stamp, name) => stamp ^ ((rivals.get(name) ?? 0n) << 20n));
    return wrapTier(wrong, {
      begin: async (ref, options) => {
        const missing = (await tier.read([ref]))[0]?.stamps.key === undefined;
        await turn();
        if (missing) rivals.set(ref.key, (rivals.get(ref.key) ?? 0n) + 1n);
        return wrong.begin(ref, options);
      },
    });
  }],
  ['a begin shortens the life of stamps', 'expiry > a begin that asks for less does not shorten the life of stamps', (tier, clock) => {
    const ends = new Map<string, number>();
    const wrong = stamping(tier, (stamp, name) => (clock.now() < (ends.get(name) ?? 0) ? stamp : undefined));
    return beginning(wrong, (ref, options) => {
      for (const name of [ref.key, ref.namespace, ...ref.tags]) ends.set(name, clock.now() + options.stampTtlMs);
      return wrong.begin(ref, options);
    });
  }],
  ['a begin makes only the life of the key longer', 'expiry > a begin that asks for more makes it longer, that of namespace and tags too', (tier, clock) => {
    const ends = new Map<string, number>();
    const wrong = stamping(tier, (stamp, name) => (clock.now() < (ends.get(name) ?? Infinity) ? stamp : undefined));
    return beginning(wrong, (ref, options) => {
      for (const tag of ref.tags) if (!ends.has(tag)) ends.set(tag, clock.now() + options.stampTtlMs);
      return wrong.begin(ref, options);
    });
  }],
  ['stamps end before the frames under them', 'expiry > stamps live as long as they were asked to, and so do the frames under them', (tier) =>
    beginning(tier, (ref, options) => tier.begin(ref, { ...options, stampTtlMs: options.stampTtlMs / 4 }))],
  ['invalidate removes values only', 'invalidation > a key: what it names is void, the rest stays', (tier) =>
    invalidating(tier, async (invalidation) => {
      if (invalidation.kind !== 'keys') return;
      for (const key of invalidation.keys)
        await tier.write({ namespace: '', key, tags: [] }, Uint8Array.of(), { ttlMs: 0 });
    })],
  ['invalidate takes the first key only', 'invalidation > two keys: what it names is void, the rest stays', (tier) =>
    invalidating(tier, (invalidation) =>
      tier.invalidate(invalidation.kind === 'keys' ? { ...invalidation, keys: invalidation.keys.slice(0, 1) } : invalidation))],
  ['invalidate leaves the value of a key', 'invalidation > the values of keys are removed, and no others', (tier) => {
    const kept = new Map<string, Uint8Array>();
    return wrapTier(answering(tier, (stored, ref) => ({ ...stored, bytes: stored.bytes ?? kept.get(ref.key) })), {
      write: (ref, frame, options) => (kept.set(ref.key, frame), tier.write(ref, frame, options)),
    });
  }],
  ['invalidate is carried out after it has resolved', 'invalidation > a key: what it names is void, the rest stays', (tier) =>
    invalidating(tier, async (invalidation) => void setImmediate(() => void tier.invalidate(invalidation)))],
  ['tags are ignored', 'invalidation > a tag: what it names is void, the rest stays', (tier) =>
    invalidating(tier, async (invalidation) => invalidation.kind === 'tags' ? undefined : tier.invalidate(invalidation))],
  ['a tag voids its namespace', 'invalidation > a tag: what it names is void, the rest stays', (tier) =>
    invalidating(tier, (invalidation) =>
      tier.invalidate(invalidation.kind === 'tags' ? { ...invalidation, kind: 'namespace' } : invalidation))],
  ['a namespace voids those whose names begin with it', 'invalidation > a namespace: what it names is void, the rest stays', (tier) =>
    invalidating(tier, async (invalidation) => {
      await tier.invalidate(invalidation);
      if (invalidation.kind === 'namespace') await tier.invalidate({ ...invalidation, namespace: `${invalidation.namespace}n` });
    })],
  ['every mutable namespace is ignored', 'invalidation > every mutable namespace: what it names is void, the rest stays', (tier) =>
    invalidating(tier, async (invalidation) => (isEvery(invalidation) ? undefined : tier.invalidate(invalidation)))],
  ['every mutable namespace voids the immutable ones too', 'invalidation > every mutable namespace: what it names is void, the rest stays', (tier) => {
    const mutable = (ref: EntryRef): EntryRef => ({ ...ref, immutable: false });
    return wrapTier(tier, { begin: (ref, options) => tier.begin(mutable(ref), options) });
  }],
  ['a late write brings the old stamp back', 'invalidation > a key: a late write under the old stamps is never valid again', (tier) => {
    const first = new Map<string, Stamp>();
    const revived = new Set<string>();
    const wrong = stamping(tier, (stamp, name) => {
      if (!first.has(name)) first.set(name, stamp);
      return revived.has(name) ? first.get(name) : stamp;
    });
    return wrapTier(wrong, { write: (ref, ...rest) => (revived.add(ref.key), tier.write(ref, ...rest)) });
  }],
]; // prettier-ignore
