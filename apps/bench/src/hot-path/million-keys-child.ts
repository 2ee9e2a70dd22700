import { createCache } from '@warmline/cache-core';
import type { Cache } from '@warmline/cache-core';
import { usedBytes } from './heap.ts';

/** The answer of this process. */
export interface MillionKeysAnswer {
  readonly keys: number;
  /** Callers by what they got; each must be a third of the keys. */
  readonly loaded: number;
  readonly rejected: number;
  readonly aborted: number;
  /** Callers who got something else than what was due to them. */
  readonly wrong: number;
  /** Loaders of aborted callers that never settle, as a hung request does. */
  readonly neverSettling: number;
  readonly loading: number;
  readonly entries: number;
  readonly bytes: number;
  readonly maxBytes: number;
  readonly evictions: number;
  readonly heapBeforeMb: number;
  readonly heapGrowthMb: number;
  readonly seconds: number;
}

const MAX_BYTES = 4 * 2 ** 20;
const WARM_UP_KEYS = 50_000;
const AT_ONCE = 500;
const MB = 1e6;

type Fate = 'loaded' | 'rejected' | 'aborted';
type Counts = Record<Fate | 'wrong' | 'neverSettling', number>;
interface Value {
  readonly key: string;
  readonly text: string;
}

const FATES: readonly Fate[] = ['loaded', 'rejected', 'aborted'];
const failure = new Error('the source has no such key');
const hangUp = new Error('the caller has hung up');

const keys = Number(process.argv[2]);
const cache = createCache<Value>({ name: 'million-keys', maxBytes: MAX_BYTES });
await ask('warm-up', WARM_UP_KEYS);
const before = await usedBytes();
const startedMs = performance.now();
const counts = await ask('key', keys);
const seconds = (performance.now() - startedMs) / 1000;
const growth = (await usedBytes()) - before;
const { loading, entries, bytes, evictions } = cache.stats();
const answer: MillionKeysAnswer = {
  keys,
  ...counts,
  loading,
  entries,
  bytes,
  maxBytes: MAX_BYTES,
  evictions,
  heapBeforeMb: before / MB,
  heapGrowthMb: growth / MB,
  seconds,
};
process.send?.(answer, () => process.disconnect());

/** Asks for as many keys as told, each once, some at a time. */
async function ask(prefix: string, count: number): Promise<Counts> {
  const sum: Counts = { loaded: 0, rejected: 0, aborted: 0, wrong: 0, neverSettling: 0 };
  for (let start = 0; start < count; start += AT_ONCE) {
    const crowd = Array.from({ length: Math.min(AT_ONCE, count - start) }, (_, index) => start + index);
    await Promise.all(crowd.map((number) => askOne(cache, `${prefix}:${number}`, number, sum)));
  }
  return sum;
}

async function askOne(from: Cache<Value>, key: string, number: number, sum: Counts): Promise<void> {
  const fate = FATES[number % FATES.length] ?? 'loaded';
  const controller = new AbortController();
  // Every second one of the aborted, so that all positions within a crowd take part.
  const hangs = fate === 'aborted' && Math.floor(number / FATES.length) % 2 === 0;
  if (hangs) sum.neverSettling++;
  const asked = from.getOrLoad(
    key,
    ({ signal }) => load(key, fate, hangs, signal),
    fate === 'aborted' ? { signal: controller.signal } : {},
  );
  if (fate === 'aborted') controller.abort(hangUp);
  try {
    const value = await asked;
    sum[fate === 'loaded' && value?.key === key ? 'loaded' : 'wrong']++;
  } catch (error) {
    sum[error === due(fate) ? fate : 'wrong']++;
  }
}

function due(fate: Fate): Error | undefined {
  return { loaded: undefined, rejected: failure, aborted: hangUp }[fate];
}

async function load(key: string, fate: Fate, hangs: boolean, signal: AbortSignal): Promise<Value> {
  if (hangs) return new Promise(() => {});
  await Promise.resolve();
  if (fate === 'rejected') throw failure;
  if (fate === 'aborted') {
    return new Promise((_, reject) => {
      if (signal.aborted) reject(signal.reason);
      else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  }
  return { key, text: 'x'.repeat(200) };
}
