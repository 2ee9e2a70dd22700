import type { RedisConnectionOptions } from '../client.ts';
import type { RedisConnection } from '../connection.ts';
import { parseRedisUrl } from '../redis-url.ts';
import type { RedisCacheListener } from './cache-events.ts';

/** @see RedisCache. Where Redis is, is one of `url`, `client` and `connection`. */
export interface RedisCacheOptions extends RedisConnectionOptions {
  /** One of `connectRedis`, to share it; it stays its owner's, and tells its own events. @default one of the cache's own */
  readonly connection?: RedisConnection;
  /** While it is not, nothing is asked, stored or counted; an own connection is made when it first is. @default true */
  readonly enabled?: boolean;
  /** Separates programs that share a Redis. @default 'warmline' */
  readonly prefix?: string;
  /** Tenant: one scope can neither read nor invalidate another's keys. @default 'default' */
  readonly scope?: string;
  /** Seconds that a value lives if `set` does not say otherwise; `Infinity` for no expiry. @default 3600 */
  readonly defaultTtl?: number;
  /** No call waits longer for Redis; below 5,000. @default 250 */
  readonly timeoutMs?: number;
  /** An invalidation by pattern looks at every key of the database; its single steps are bounded by `timeoutMs`. @default 30_000 */
  readonly patternTimeoutMs?: number;
  /** Larger values are neither stored nor read. @default 8 MiB */
  readonly maxValueBytes?: number;
  /** How often Redis is asked for a sign of life, so that a connection that died silently is replaced before it is needed. @default 30_000 */
  readonly healthCheckIntervalMs?: number;
  /** Without a listener, the loss of the connection and the first fault of each kind are process warnings. */
  readonly onEvent?: RedisCacheListener;
}

/** {@link RedisCacheOptions} with their defaults. */
export interface RedisCachePolicy {
  readonly defaultTtl: number;
  readonly timeoutMs: number;
  readonly patternTimeoutMs: number;
  readonly maxValueBytes: number;
  readonly healthCheckIntervalMs: number;
}

const MAX_TIMEOUT_MS = 5_000;
const MAX_VALUE_BYTES = 512 * 2 ** 20;
/** Redis counts milliseconds, and numbers are exact up to here. */
const MAX_TTL = Number.MAX_SAFE_INTEGER / 1_000;

/** @throws TypeError that names the option, what it is and what it may be. */
export function resolvePolicy(options: RedisCacheOptions): RedisCachePolicy {
  const { url, connection, client, enabled, onEvent } = options;
  check('enabled', enabled, enabled === undefined || typeof enabled === 'boolean', 'true or false');
  check('onEvent', onEvent, onEvent === undefined || typeof onEvent === 'function', 'a function');
  const places = Object.entries({ url, client, connection }).filter(([, given]) => given !== undefined);
  const names = places.map(([name]) => name).join(' and ');
  if (places.length > 1) throw new TypeError(`one of url, client and connection must be given, got ${names}`);
  const isConnection = typeof connection === 'object' && connection !== null && 'commands' in connection;
  check('connection', connection, connection === undefined || isConnection, 'one of connectRedis()');
  if (url !== undefined) checkUrl(url);
  const {
    defaultTtl = 3_600,
    timeoutMs = 250,
    patternTimeoutMs = 30_000,
    maxValueBytes = 8 * 2 ** 20,
    healthCheckIntervalMs = 30_000,
  } = options;
  check('defaultTtl', defaultTtl, isTtl(defaultTtl), 'a number of seconds above 0, or Infinity for no expiry');
  check('timeoutMs', timeoutMs, isAbove0(timeoutMs) && timeoutMs < MAX_TIMEOUT_MS, 'a number above 0 and below 5000');
  for (const name of ['connectTimeoutMs', 'socketTimeoutMs'] as const) {
    const value = options[name];
    const isRight = value === undefined || (isAbove0(value) && value <= MAX_TIMEOUT_MS);
    check(name, value, isRight, 'a number above 0, at most 5000');
  }
  check('patternTimeoutMs', patternTimeoutMs, isAbove0(patternTimeoutMs), 'a number above 0');
  check('healthCheckIntervalMs', healthCheckIntervalMs, isAbove0(healthCheckIntervalMs), 'a number above 0');
  const isSize = Number.isSafeInteger(maxValueBytes) && maxValueBytes > 0 && maxValueBytes < MAX_VALUE_BYTES;
  check('maxValueBytes', maxValueBytes, isSize, 'a whole number above 0 and below 536870912');
  return Object.freeze({ defaultTtl, timeoutMs, patternTimeoutMs, maxValueBytes, healthCheckIntervalMs });
}

/** Whether a value can live so many seconds. */
export function isTtl(seconds: unknown): seconds is number {
  return seconds === Number.POSITIVE_INFINITY || (isAbove0(seconds) && seconds <= MAX_TTL);
}

function isAbove0(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value < Number.POSITIVE_INFINITY;
}

function check(name: string, value: unknown, isRight: boolean, allowed: string): void {
  if (isRight) return;
  const isPlain = value === null || typeof value === 'number' || typeof value === 'boolean';
  const shown = isPlain ? String(value) : typeof value === 'string' ? JSON.stringify(value) : typeof value;
  throw new TypeError(`${name} must be ${allowed}, got ${shown}`);
}

/** What is wrong with a URL is not repeated: it may be the password. */
function checkUrl(url: unknown): void {
  try {
    if (typeof url === 'string' && parseRedisUrl(url)) return;
  } catch {
    // Told below.
  }
  const shown = typeof url === 'string' ? `'${url.replace(/(:\/\/).*@/u, '$1***@')}'` : typeof url;
  const forms = 'redis://[user:password@]host[:port][/db] (or rediss, unix, redis-cluster, redis-sentinel)';
  throw new TypeError(
    `url must be ${forms}, with '/', '@' and '%' of a password written as %2F, %40 and %25, got ${shown}`,
  );
}
