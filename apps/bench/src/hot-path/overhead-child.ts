import { createCache } from '@warmline/cache-core';
import { LRUCache } from 'lru-cache';
import { usedBytes } from './heap.ts';
import { flat } from './values.ts';

/** What is weighed. */
export type Weighed = 'warmline' | 'lru_cache' | 'map';

/** The answer of this process: bytes an entry over plain arrays of the same keys and values, one per repetition. */
export interface OverheadAnswer {
  readonly bytes: readonly number[];
  readonly entries: number;
}

interface Store {
  set(key: string, value: string): unknown;
  size(): number;
}

const STORES: Readonly<Record<Weighed, (entries: number) => Store>> = {
  warmline: () => {
    const cache = createCache<string>({ name: 'overhead' });
    return {
      set: (key, value) => cache.getOrLoad(key, () => value),
      size: () => cache.stats().entries,
    };
  },
  lru_cache: (max) => {
    const cache = new LRUCache<string, string>({ max });
    return { set: (key, value) => cache.set(key, value), size: () => cache.size };
  },
  map: () => {
    const map = new Map<string, string>();
    return { set: (key, value) => map.set(key, value), size: () => map.size };
  },
};

const VALUE_BYTES = 1024;
const [subject = 'map', entries = 0, repetitions = 0] = process.argv
  .slice(2)
  .map((arg, i) => (i === 0 ? arg : Number(arg)));

const bytes: number[] = [];
// The first repetition compiles and is not counted, for all alike.
for (let repetition = 0; repetition <= Number(repetitions); repetition++) {
  const plain = await weigh(Number(entries), async (count) => {
    const keys = Array.from({ length: count }, (_, index) => keyOf(index));
    const values = Array.from({ length: count }, (_, index) => valueOf(index));
    return { keys, values };
  });
  const stored = await weigh(Number(entries), async (count) => {
    const store = STORES[subject as Weighed](count);
    for (let index = 0; index < count; index++) await store.set(keyOf(index), valueOf(index));
    if (store.size() !== count) throw new Error(`${subject} holds ${store.size()} of ${count} entries`);
    return store;
  });
  if (repetition > 0) bytes.push((stored - plain) / Number(entries));
}
process.send?.({ bytes, entries: Number(entries) } satisfies OverheadAnswer, () => process.disconnect());

/** Bytes of what `fill` returns, and of all that this keeps alive. */
async function weigh(count: number, fill: (count: number) => Promise<object>): Promise<number> {
  const before = await usedBytes();
  const held = [await fill(count)];
  const after = await usedBytes();
  held.length = 0;
  return after - before;
}

/** Each its own string of one byte a character, so that nothing is shared between the arrays and the caches. */
function keyOf(index: number): string {
  return flat(`phrase:${String(index).padStart(8, '0')}`);
}

function valueOf(index: number): string {
  return Buffer.alloc(VALUE_BYTES, `${index}.`).toString('latin1');
}
