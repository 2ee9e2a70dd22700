import assert from 'node:assert/strict';
import type { EntryRef } from '../../contracts/invalidation.ts';
import type { Begun, BeginOptions, Lease, SharedTier, Stamps, StoredFrame } from '../../contracts/shared-tier.ts';
import { randomBits } from '../../random.ts';
import { compareStamps } from '../../stamp.ts';
import { pause } from './runner.ts';

/** A tier over a store of its own, as one check needs it. */
export interface SharedTierSubject {
  readonly tier: SharedTier;
  /** A second connection to the same store, as another process has it. @default the first is used in its place */
  another?(): Promise<SharedTier>;
  /** Moves the store's time by so many milliseconds. @default waits for them */
  advance?(ms: number): Promise<void>;
  /** Frees everything, the other connections too; the check may have closed the tier already. */
  close(): Promise<void>;
}

/** What a tier may or may not have. */
export type SharedTierFeature = 'journal' | 'beginMany' | 'stayLive' | 'outbox' | 'softening';

/** @see sharedTierConformance */
export interface SharedTierConformanceOptions {
  /**
   * What this tier must have: an optional member, or that it keeps softly invalidated values (`softening`). What is not
   * named here is checked where it is there. @default []
   */
  readonly requires?: readonly SharedTierFeature[];
  /** How many invalidations the journal remembers at most. @default not checked: it may reach back for ever */
  readonly journalCapacity?: number;
  /** How long a call of a closed tier may take before it counts as hung, in milliseconds. @default 5000 */
  readonly hungAfterMs?: number;
}

/** What the checks of a tier work with. */
export interface TierStage {
  readonly tier: SharedTier;
  /** A second connection; the first one again if there is none. */
  readonly other: SharedTier;
  readonly options: SharedTierConformanceOptions;
  /** An entry with a name of its own in this run. @param space one namespace per name. @default 'n' */
  readonly ref: (id: string, tags?: readonly string[], space?: string) => EntryRef;
  /** Lets so many milliseconds pass for the store. */
  readonly pass: (ms: number) => Promise<void>;
  /** True when the tier has it; an error when it must and has not. */
  readonly has: (feature: Exclude<SharedTierFeature, 'softening'>) => boolean;
}

/** Every check has names of its own, so that a store may hold what earlier checks have left. */
export async function tierStageOf(
  subject: SharedTierSubject,
  options: SharedTierConformanceOptions,
): Promise<TierStage> {
  const { tier } = subject;
  const run = randomBits().toString(36);
  return {
    tier,
    other: (await subject.another?.()) ?? tier,
    options,
    ref: (id, tags = [], space = 'n') => refOf(`conformance:${run}:${space}`, id, tags),
    pass: (ms) => (subject.advance === undefined ? pause(ms) : subject.advance(ms)),
    has: (feature) => {
      const present = tier[feature] !== undefined;
      assert.ok(present || options.requires?.includes(feature) !== true, `the tier must have ${feature}`);
      return present;
    },
  };
}

/** An entry under a namespace of any form. */
export function refOf(namespace: string, id: string, tags: readonly string[] = []): EntryRef {
  return { namespace, key: `${namespace}:${id}`, tags: tags.map((tag) => `${namespace}#${tag}`) };
}

/** Without a lease, for stamps that outlive every check. */
export const STAMPS_ONLY: BeginOptions = { leaseMs: 0, stampTtlMs: 600_000 };
/** Asks for a lease that outlives every check. */
export const WITH_LEASE: BeginOptions = { leaseMs: 300_000, stampTtlMs: 600_000 };
/** Outlives every check. */
export const LONG_TTL_MS = 300_000;

/** Bytes that tell by their content which write they are of. */
export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** What is stored for one entry. */
export async function readOne(tier: SharedTier, ref: EntryRef): Promise<StoredFrame> {
  const [stored] = await tier.read([ref]);
  assert.ok(stored, 'a read answers for every entry');
  return stored;
}

/** Begins, and writes bytes under the stamps; what a load does. @returns the stamps the frame was written under. */
export async function fill(tier: SharedTier, ref: EntryRef, text: string): Promise<Stamps> {
  const { stamps } = await tier.begin(ref, STAMPS_ONLY);
  await tier.write(ref, bytesOf(text), { ttlMs: LONG_TTL_MS });
  return stamps;
}

/** Asserts equal bytes, whatever class of byte array the tier answers with. */
export function assertBytes(actual: Uint8Array | undefined, expected: Uint8Array, what: string): void {
  assert.ok(actual instanceof Uint8Array, `${what}: bytes are there`);
  assert.equal(actual.byteLength, expected.byteLength, `${what}: length in bytes`);
  assert.ok(Buffer.from(actual.buffer, actual.byteOffset, actual.byteLength).equals(expected), `${what}: every byte`);
}

/** All stamps of an entry: key, namespace, tags. */
export function listOf(stamps: Stamps): readonly (bigint | undefined)[] {
  return [stamps.key, stamps.namespace, ...stamps.tags];
}

/** What a frame written under `carried` is worth now, as a reader judges it. */
export function standing(carried: Stamps, current: Stamps): 'valid' | 'softened' | 'void' {
  const now = listOf(current);
  const all = listOf(carried).map((stamp, index) =>
    stamp === undefined ? 'different' : compareStamps(stamp, now[index]),
  );
  if (all.length !== now.length || all.includes('different')) return 'void';
  return all.includes('softened') ? 'softened' : 'valid';
}

/** Asserts what frames written under `carried` are worth now on both connections. */
export async function assertStanding(
  { tier, other }: TierStage,
  ref: EntryRef,
  carried: Stamps,
  expected: readonly ReturnType<typeof standing>[],
  what: string,
): Promise<void> {
  for (const [connection, side] of [tier, other].entries()) {
    const now = standing(carried, (await readOne(side, ref)).stamps);
    assert.ok(expected.includes(now), `${what}: ${expected.join(' or ')} on connection ${connection + 1}, is ${now}`);
  }
}

/** Asserts that the lease was given. */
export function heldLease(begun: Begun, what: string): Lease {
  assert.ok(typeof begun.lease === 'object', `${what}: the lease is given, is ${JSON.stringify(begun.lease)}`);
  return begun.lease;
}
