import type { Link } from '../link.ts';
import type { RedisCacheOperation } from './cache-events.ts';
import { isTtl } from './cache-options.ts';
import type { CacheState } from './cache-state.ts';
import { CacheFault } from './fault.ts';
import { categoryOf } from './namespace.ts';

/** @see RedisCache.set */
export interface RedisCacheSetOptions {
  /** Seconds above 0, or `Infinity` for no expiry. @default the cache's `defaultTtl` */
  readonly ttl?: number;
  /** Only if there is nothing yet. @default false */
  readonly nx?: boolean;
  /** Only if there is something already. @default false */
  readonly xx?: boolean;
}

interface Read {
  readonly operation: RedisCacheOperation;
  readonly key: string;
  readonly defaultValue: unknown;
  readonly decode: (stored: Buffer) => unknown;
}

/** What is at a key, or the default; counted as a hit or a miss. */
export async function readValue(state: CacheState, { operation, key, defaultValue, decode }: Read): Promise<unknown> {
  if (!state.isEnabled) return defaultValue;
  const category = categoryOf(key);
  let isHit = false;
  const found = await state.attempt({ operation, key }, defaultValue, async (gate) => {
    const name = state.namespace.nameOf(key);
    const work = (link: Link): Promise<Buffer | undefined> => readAtMost(link, name, state.policy.maxValueBytes);
    const stored = await gate.run({ work, isLarge: state.large.has(category) });
    if (stored === undefined) return defaultValue;
    state.large.note(category, stored.length);
    const value = decode(stored);
    isHit = true;
    return value;
  });
  state.metrics.countRead(category, isHit);
  return found;
}

interface Write {
  readonly operation: RedisCacheOperation;
  readonly key: string;
  readonly encode: () => string;
  readonly options: RedisCacheSetOptions | undefined;
}

/** @returns whether it was stored. */
export function writeValue(state: CacheState, { operation, key, encode, options }: Write): Promise<boolean> {
  return state.attempt({ operation, key }, false, async (gate) => {
    const name = state.namespace.nameOf(key);
    const { ttl = state.policy.defaultTtl, nx = false, xx = false } = options ?? {};
    if (!isTtl(ttl) || (nx && xx)) throw new CacheFault('bad-argument');
    const text = encode();
    const bytes = Buffer.byteLength(text);
    if (bytes > state.policy.maxValueBytes) throw new CacheFault('too-large');
    state.large.note(categoryOf(key), bytes);
    const expiry = ttl === Number.POSITIVE_INFINITY ? [] : ['PX', Math.ceil(ttl * 1_000)];
    const condition = nx ? ['NX'] : xx ? ['XX'] : [];
    const work = (link: Link): Promise<unknown> => link.call('SET', [name, text, ...expiry, ...condition], bytes);
    // A condition is met once, and then somebody should know it: such a write only goes where it is waited for.
    const answer = await gate.run({ work, bytes, isLarge: state.isLarge(key), isProbe: !nx && !xx });
    state.stored(answer !== null);
    return answer !== null;
  });
}

/**
 * Never more than a value may have, whatever another program has put there. A range of nothing and of an empty text are the same;
 * only then is the value itself asked for.
 */
async function readAtMost(link: Link, name: string, maxBytes: number): Promise<Buffer | undefined> {
  let stored = (await link.call('GETRANGE', [name, 0, maxBytes])) as Buffer | null;
  if (stored?.length === 0) stored = (await link.call('GET', [name])) as Buffer | null;
  if (stored !== null && stored.length > maxBytes) throw new CacheFault('too-large');
  return stored ?? undefined;
}
