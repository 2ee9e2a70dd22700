import type { EntryRef } from '../../contracts/invalidation.ts';
import { wrapTier } from '../../tier.fixture.ts';
import type { BrokenTier } from './tier-defects.fixture.ts';
import { beginning, bytes } from './tier-defects.fixture.ts';

const never = (): Promise<never> => new Promise(() => {});

function shortened({ key, namespace, tags, ...rest }: EntryRef): EntryRef {
  const cut = (name: string): string => name.slice(0, 200);
  return { ...rest, key: cut(key), namespace: cut(namespace), tags: tags.map(cut) };
}

/** Defects of what is stored and answered. */
export const BROKEN_ANSWERS: readonly BrokenTier[] = [
  ['read answers in reverse', 'reading and writing > answers come in the order asked, and once more for an entry asked twice', (tier) =>
    wrapTier(tier, { read: async (refs) => (await tier.read(refs)).toReversed() })],
  ['read answers once for an entry asked twice', 'reading and writing > answers come in the order asked, and once more for an entry asked twice', (tier) =>
    wrapTier(tier, { read: (refs) => tier.read([...new Map(refs.map((ref) => [ref.key, ref])).values()]) })],
  ['read answers for 500 entries at most', 'reading and writing > a thousand entries in one read', (tier) =>
    wrapTier(tier, { read: (refs) => tier.read(refs.slice(0, 500)) })],
  ['bytes are cut at 64 KB', 'reading and writing > 200000 bytes come back to the bit', (tier) =>
    bytes(tier, (all) => all.subarray(0, 65_536))],
  ['bytes are kept as text', 'reading and writing > 255 bytes come back to the bit', (tier) =>
    bytes(tier, (all) => Buffer.from(Buffer.from(all).toString()))],
  ['bytes are a view on a large buffer', 'reading and writing > 1 bytes come back to the bit', (tier) =>
    bytes(tier, (all) => {
      const reply = new Uint8Array(all.byteLength * 2 + 100_000);
      reply.set(all, 100);
      return reply.subarray(100, 100 + all.byteLength);
    })],
  ['a view is stored with its buffer', 'reading and writing > a view is stored as what it shows', (tier) =>
    wrapTier(tier, { write: (ref, frame, options) => tier.write(ref, new Uint8Array(frame.buffer), options) })],
  ['long names are cut', 'reading and writing > names of 64 characters a part are kept apart to their last character', (tier) =>
    wrapTier(tier, {
      read: (refs) => tier.read(refs.map(shortened)),
      begin: (ref, options) => tier.begin(shortened(ref), options),
      write: (ref, frame, options) => tier.write(shortened(ref), frame, options),
    })],
  ['a write does not replace', 'reading and writing > what was written is read by every connection, until it is written anew', (tier) =>
    wrapTier(tier, {
      write: async (ref, frame, options) => {
        if ((await tier.read([ref]))[0]?.bytes === undefined) await tier.write(ref, frame, options);
      },
    })],
  ['a write makes stamps', 'reading and writing > a write needs no stamps and makes none; neither does a read', (tier) =>
    wrapTier(tier, {
      write: async (ref, frame, options) => {
        await tier.begin(ref, { leaseMs: 0, stampTtlMs: options.ttlMs });
        await tier.write(ref, frame, options);
      },
    })],
  ['time stands still', 'reading and writing > it has a name, and the same time on every connection', (tier) =>
    wrapTier(tier, { now: () => 0 })],
  ['values never end', 'expiry > a value ends with its time, and not before', (tier) =>
    wrapTier(tier, { write: (ref, frame, options) => tier.write(ref, frame, { ...options, ttlMs: Infinity }) })],
  ['a time to live in seconds, rounded down', 'expiry > a value ends with its time, and not before', (tier) =>
    wrapTier(tier, {
      write: (ref, frame, { ttlMs }) => tier.write(ref, frame, { ttlMs: Math.floor(ttlMs / 1000) * 1000 }),
    })],
  ['a pinned value never ends', 'expiry > a value ends with its time, and not before', (tier) =>
    wrapTier(tier, {
      write: (ref, frame, options) => tier.write(ref, frame, options.pin === true ? { ttlMs: Infinity } : options),
    })],
  ['begin does not look at what is stored', 'stamps > begin returns the frame that someone has just filled', (tier) =>
    beginning(tier, async (ref, options) => ({ ...(await tier.begin(ref, options)), bytes: undefined }))],
  ['calls hang once it is closed', 'closing > a closed tier rejects or answers nothing, and nothing hangs', (tier) => {
    let closed = false;
    return wrapTier(tier, {
      close: async () => void (closed = true),
      read: (refs) => (closed ? never() : tier.read(refs)),
    });
  }],
  ['it answers when it is closed', 'closing > a closed tier rejects or answers nothing, and nothing hangs', (tier) =>
    wrapTier(tier, { close: async () => {} })],
]; // prettier-ignore
