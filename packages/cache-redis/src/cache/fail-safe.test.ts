import { setTimeout as sleep } from 'node:timers/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FaultProxy, RedisServer } from '../testing/index.ts';
import type { RedisCacheOptions } from './cache-options.ts';
import type { RedisCache } from './redis-cache.ts';
import type { TestCache } from './test-cache.fixture.ts';
import { testCache } from './test-cache.fixture.ts';

const TIMEOUT_MS = 100;
const BACK_WITHIN_MS = 1_000;

let server: RedisServer;
let proxy: FaultProxy;
let at: TestCache;
const lag = monitorEventLoopDelay({ resolution: 5 });
beforeAll(async () => {
  server = await RedisServer.start();
  lag.enable();
}, 60_000);
beforeEach(async () => {
  proxy = await FaultProxy.start({ port: server.port });
});
afterEach(async () => {
  await at.cache.close();
  await proxy[Symbol.asyncDispose]();
  server.resume();
  if (!server.isRunning) await server.restart();
});
afterAll(() => server[Symbol.asyncDispose]());

/** What a call may take: its time, and what this busy machine adds. */
function limitMs(): number {
  return TIMEOUT_MS + 150 + (2 * lag.max) / 1e6;
}

function open(options: RedisCacheOptions = {}): void {
  at = testCache({ url: proxy.url, timeoutMs: TIMEOUT_MS, ...options });
}

/** Also on a machine so busy that it has timed out before. */
async function openAndStore(options: RedisCacheOptions = {}): Promise<void> {
  open(options);
  await expect.poll(() => at.cache.set('f:1', 'x', { ttl: Number.POSITIVE_INFINITY })).toBe(true);
  at.cache.metrics.reset();
  at.events.length = 0;
}

/** Calls a Redis that does not answer until it is left out. */
async function leaveOut(): Promise<void> {
  for (let i = 0; i < 10 && at.faults().at(-1) !== 'get left-out'; i++) await at.cache.get('f:1');
  expect(at.faults().at(-1)).toBe('get left-out');
}

/** All methods of a cache, with what they answer when Redis does not. */
const methods: readonly (readonly [name: string, call: (cache: RedisCache) => Promise<unknown>, answer: unknown])[] = [
  ['get', (cache) => cache.get('f:1', 'd'), 'd'],
  ['getJson', (cache) => cache.getJson('f:1'), undefined],
  ['set', (cache) => cache.set('f:1', 'x'), false],
  ['set nx', (cache) => cache.set('f:1', 'x', { nx: true }), false],
  ['setJson', (cache) => cache.setJson('f:1', {}), false],
  ['set of 1 MB', (cache) => cache.set('f:large', 'x'.repeat(2 ** 20)), false],
  ['delete', (cache) => cache.delete('f:1', 'f:2'), 0],
  ['exists', (cache) => cache.exists('f:1', 'f:2'), 0],
  ['expire', (cache) => cache.expire('f:1', 5), false],
  ['ttl', (cache) => cache.ttl('f:1'), -2],
  ['invalidatePattern', (cache) => cache.invalidatePattern('f:*'), 0],
  ['clearUserCache', (cache) => cache.clearUserCache('1'), 0],
  ['lock', (cache) => cache.lock('f'), undefined],
  ['getStats', async (cache) => (await cache.getStats()).connected, false],
  ['healthCheck', async (cache) => (await cache.healthCheck()).connected, false],
];

/** How long each of the next so many `get` takes, sorted. */
async function latencies(count: number): Promise<number[]> {
  const all: number[] = [];
  lag.reset();
  while (all.length < count) {
    const startMs = performance.now();
    expect(await at.cache.get('f:1')).toBeUndefined();
    all.push(performance.now() - startMs);
    await sleep(5);
  }
  return all.toSorted((a, b) => a - b);
}

/** Milliseconds until a value is read again. */
async function back(): Promise<number> {
  const startMs = performance.now();
  while (performance.now() - startMs < 5_000) {
    await at.cache.set('f:1', 'x');
    if ((await at.cache.get('f:1')) === 'x') break;
    await sleep(5);
  }
  return performance.now() - startMs;
}

interface State {
  readonly begin: () => unknown;
  readonly end: () => unknown;
}
const states: readonly (readonly [string, State])[] = [
  ['hung', { begin: () => server.pause(), end: () => server.resume() }],
  ['killed', { begin: () => server.kill(), end: () => server.restart() }],
  ['slow', { begin: () => proxy.set({ toClient: { latencyMs: 400 } }), end: () => proxy.heal() }],
  ['blackholed', { begin: () => proxy.set({ blackhole: true }), end: () => proxy.heal() }],
  ['refusing connections', { begin: () => proxy.refuse(true).then(() => proxy.reset()), end: () => proxy.heal() }],
  [
    'hung before the handshake',
    {
      begin: () => {
        proxy.set({ blackholeConnect: true });
        proxy.reset();
      },
      end: () => proxy.heal(),
    },
  ],
];

describe.each(states)('Redis is %s', (_name, { begin, end }) => {
  test('after the first few calls nobody waits, and it is used again soon after it is back', async () => {
    await openAndStore();
    await begin();
    const all = await latencies(40);
    // Measured on a quiet machine: 0.3 ms.
    expect(all[Math.floor(all.length / 2)]).toBeLessThan(5);
    expect(all.filter((ms) => ms > TIMEOUT_MS / 2).length).toBeLessThanOrEqual(4);
    expect(all.at(-1)).toBeLessThan(limitMs());
    expect((await at.cache.healthCheck()).message).toMatch(/^falling back: /);
    await end();
    expect(await back()).toBeLessThan(BACK_WITHIN_MS);
    expect((await at.cache.healthCheck()).message).toBe('connected');
  });

  test('every method is answered in time', async () => {
    await openAndStore();
    await begin();
    // Anew each time, so that none is spared the waiting.
    for (const [name, call, answer] of methods) {
      const startMs = performance.now();
      lag.reset();
      expect([name, await call(at.cache)]).toEqual([name, answer]);
      expect(performance.now() - startMs).toBeLessThan(limitMs());
    }
    await end();
    expect(await back()).toBeLessThan(BACK_WITHIN_MS);
    expect(at.cache.metrics.errors).toBeGreaterThanOrEqual(methods.length - 2);
  });

  test('at the start it works without cache, and connects by itself', async () => {
    await begin();
    open();
    lag.reset();
    const startMs = performance.now();
    const all = await Promise.all(methods.map(async ([name, call, answer]) => [name, await call(at.cache), answer]));
    expect(performance.now() - startMs).toBeLessThan(limitMs());
    expect(all.map(([name, got]) => [name, got])).toEqual(all.map(([name, , answer]) => [name, answer]));
    expect((await at.cache.healthCheck()).message).toMatch(/^failed: /);
    await end();
    expect(await back()).toBeLessThan(BACK_WITHIN_MS + 500);
  });
});

describe('each call alone meets a hung Redis', () => {
  test.each(methods)('%s', async (_name, call, answer) => {
    await openAndStore();
    await server.pause();
    lag.reset();
    const startMs = performance.now();
    expect(await call(at.cache)).toEqual(answer);
    const tookMs = performance.now() - startMs;
    // It has waited: otherwise this would prove nothing.
    expect(tookMs).toBeGreaterThan(TIMEOUT_MS - 5);
    expect(tookMs).toBeLessThan(limitMs());
    server.resume();
  });
});

test('a bad host: a miss and events without end of the world', async () => {
  open({ url: 'redis://nobody.invalid:6379' });
  expect(await at.cache.get('f:1', 'd')).toBe('d');
  expect((await at.cache.healthCheck()).message).toMatch(/^failed: /);
});

test('a connection that comes later than the first calls', async () => {
  const { port } = server;
  await server.kill();
  open({ url: `redis://127.0.0.1:${port}` });
  expect(await at.cache.set('f:1', 'x')).toBe(false);
  expect((await at.cache.healthCheck()).message).toBe(
    'failed: there is no connection to Redis (ECONNREFUSED); it is tried again and again',
  );
  await server.restart();
  expect(await back()).toBeLessThan(BACK_WITHIN_MS);
});

test('the first call of a script waits for the connection', async () => {
  proxy.set({ latencyMs: 10 });
  open({ timeoutMs: 2_000 });
  expect(await at.cache.set('f:1', 'x')).toBe(true);
});

test('loading: misses at once, and it is used when it is done', async () => {
  await openAndStore();
  await server.restartLoading(800);
  const all = await latencies(20);
  expect(all.at(-1)).toBeLessThan(limitMs());
  await expect.poll(() => at.cache.get('f:1'), { timeout: 5_000 }).toBe('x');
});

test('full: reads go on, writes are refused, deletions are made', async () => {
  open({ timeoutMs: 2_000 });
  await at.cache.set('f:1', 'x');
  await at.cache.set('f:2', 'x');
  await server.fill();
  for (let i = 0; i < 10; i++) expect(await at.cache.set('f:1', 'y')).toBe(false);
  expect(at.faults()).toEqual(Array.from({ length: 10 }, () => 'set refused OOM'));
  expect(await at.cache.lock('f')).toBeUndefined();
  expect(await at.cache.get('f:1')).toBe('x');
  expect(await at.cache.delete('f:1')).toBe(1);
  expect(await at.cache.invalidatePattern('f:*')).toBe(1);
  expect((await at.cache.healthCheck()).message).toBe('connected, but Redis takes no writes (OOM)');
  await server.unfill();
  expect(await at.cache.set('f:1', 'y')).toBe(true);
  expect((await at.cache.healthCheck()).message).toBe('connected');
});

test('a server that has become a replica is not used, and used again as a master', async () => {
  const master = await RedisServer.start();
  open({ timeoutMs: 2_000 });
  expect(await at.cache.set('f:1', 'x')).toBe(true);
  await server.becomeReplicaOf(master);
  expect(await at.cache.set('f:1', 'y')).toBe(false);
  await expect.poll(() => at.cache.healthCheck().then(({ connected }) => connected)).toBe(false);
  expect(await at.cache.get('f:1')).toBeUndefined();
  await server.becomeMaster();
  expect(await back()).toBeLessThan(BACK_WITHIN_MS);
  await master[Symbol.asyncDispose]();
});

test('a wrong password is told, and the password is not', async () => {
  const locked = await RedisServer.start({ password: 'right' });
  open({ url: `redis://:s3cret-wrong@127.0.0.1:${locked.port}`, timeoutMs: 2_000 });
  expect(await at.cache.get('f:1', 'd')).toBe('d');
  const health = await at.cache.healthCheck();
  expect(health.message).toMatch(/^failed: .*WRONGPASS/);
  const { inspect } = await import('node:util');
  expect(inspect([health, at.events], { depth: 20, showHidden: true })).not.toContain('s3cret');
  expect(at.events).toContainEqual(expect.objectContaining({ type: 'redis-unavailable' }));
  await locked[Symbol.asyncDispose]();
});

test('a user without permission', async () => {
  await server.command('ACL', 'SETUSER', 'reader', 'on', '>pw', '~*', '+get', '+getrange', '+info', '+ping');
  open({ url: `redis://reader:pw@127.0.0.1:${proxy.port}`, timeoutMs: 2_000 });
  expect(await at.cache.get('f:1')).toBeUndefined();
  expect(await at.cache.set('f:1', 'x')).toBe(false);
  expect(await at.cache.invalidatePattern('*')).toBe(0);
  expect(at.faults()).toEqual(['set refused NOPERM', 'invalidatePattern refused NOPERM']);
});

test('a value of another program that is too large is a miss, and costs no more than the limit', async () => {
  open({ maxValueBytes: 100_000, timeoutMs: 2_000 });
  await at.cache.get('f:none');
  await server.command('SETRANGE', `${at.namespace}f:huge`, 64 * 2 ** 20 - 1, 'x');
  const before = proxy.bytes.toClient;
  expect(await at.cache.get('f:huge', 'd')).toBe('d');
  expect(await at.cache.getJson('f:huge')).toBeUndefined();
  expect(proxy.bytes.toClient - before).toBeLessThan(300_000);
  expect(at.faults()).toEqual(['get too-large', 'getJson too-large']);
  expect(await at.cache.set('f:own', 'x'.repeat(100_001))).toBe(false);
  expect(await at.cache.set('f:own', 'é'.repeat(50_000))).toBe(true);
  expect(await at.cache.get('f:own')).toHaveLength(50_000);
});

test('a busy process does not blame Redis', async () => {
  // Not through the proxy, which this process would keep busy, too.
  await openAndStore({ url: server.url });
  for (let i = 0; i < 6; i++) {
    const reading = at.cache.get('f:1');
    const untilMs = performance.now() + 1.5 * TIMEOUT_MS;
    while (performance.now() < untilMs);
    expect(await reading).toBe('x');
  }
  expect(at.faults()).toEqual([]);
});

test('a deletion after a write that timed out is made after it, and one while Redis is left out is sent', async () => {
  await openAndStore({ socketTimeoutMs: 4_000 });
  await server.pause();
  expect(await at.cache.set('f:1', 'late')).toBe(false);
  await leaveOut();
  expect(await at.cache.delete('f:1')).toBe(0);
  server.resume();
  await expect.poll(() => server.command('EXISTS', `${at.namespace}f:1`)).toBe(0);
  await sleep(50);
  expect(await server.command('EXISTS', `${at.namespace}f:1`)).toBe(0);
});

test('what must be known when it is done is not sent only to see whether Redis answers', async () => {
  await openAndStore({ socketTimeoutMs: 4_000 });
  await server.pause();
  await leaveOut();
  await sleep(250);
  expect(await at.cache.set('f:nx', 'x', { nx: true })).toBe(false);
  expect(await at.cache.lock('f')).toBeUndefined();
  expect(at.faults().slice(-2)).toEqual(['set left-out', 'lock left-out']);
  server.resume();
  await expect.poll(() => at.cache.get('f:1')).toBe('x');
  expect(await at.cache.exists('f:nx', 'lock:f')).toBe(0);
});

test('a hung server does not fill the memory', async () => {
  await openAndStore({ socketTimeoutMs: 4_000, timeoutMs: 200 });
  const text = 'x'.repeat(150_000);
  await server.pause();
  const before = proxy.bytes.toServer;
  const stored = await Promise.all(Array.from({ length: 300 }, (_v, index) => at.cache.set(`f:${index}`, text)));
  expect(stored.some(Boolean)).toBe(false);
  server.resume();
  await sleep(300);
  // 45 MB were given; what was sent is what there was room for.
  expect(proxy.bytes.toServer - before).toBeLessThan(2 * 2 ** 20);
});

test('an idle connection that died silently is replaced before it is needed', async () => {
  await openAndStore({ healthCheckIntervalMs: 100, socketTimeoutMs: 200 });
  expect(proxy.accepted).toBe(1);
  proxy.set({ blackhole: true });
  await expect.poll(() => at.cache.connected).toBe(false);
  await proxy.heal();
  await expect.poll(() => proxy.accepted).toBeGreaterThan(1);
  await expect.poll(() => at.cache.connected).toBe(true);
  expect(await at.cache.get('f:1')).toBe('x');
});

test('large values do not hold up small ones', async () => {
  open({ timeoutMs: 4_000 });
  const text = 'x'.repeat(2 ** 20);
  await at.cache.set('big:1', text);
  await at.cache.set('small:1', 'x');
  expect(await at.cache.get('big:1')).toBe(text);
  await expect.poll(() => proxy.accepted).toBe(2);
  await sleep(50);
  // Each connection has its own share of this line.
  proxy.set({ toClient: { bytesPerSecond: 2 ** 20 } });
  const startMs = performance.now();
  const order: string[] = [];
  await Promise.all([
    at.cache.get('big:1').then(() => order.push('big')),
    at.cache.get('small:1').then(() => order.push('small')),
  ]);
  expect(order).toEqual(['small', 'big']);
  expect(performance.now() - startMs).toBeGreaterThan(500);
});

test('a listener that throws harms nobody', async () => {
  at = testCache({ url: proxy.url });
  const { RedisCache } = await import('./redis-cache.ts');
  const warnings: Error[] = [];
  const note = (warning: Error): void => void warnings.push(warning);
  process.on('warning', note);
  const onEvent = (): never => {
    throw new Error('listener');
  };
  const cache = new RedisCache({ url: proxy.url, onEvent });
  expect(await cache.set('f:1', undefined as unknown as string)).toBe(false);
  await cache.close();
  await sleep(10);
  process.off('warning', note);
  expect(warnings.map(({ message }) => message)).toEqual(['listener']);
});

test('without a listener the first fault of a kind is a warning', async () => {
  at = testCache({ url: proxy.url });
  const { RedisCache } = await import('./redis-cache.ts');
  const warnings: string[] = [];
  const note = ({ message }: Error): void => void warnings.push(message);
  process.on('warning', note);
  const cache = new RedisCache({ url: proxy.url });
  for (let i = 0; i < 3; i++) await cache.set('user:secret', 1n as unknown as string);
  await cache.close();
  await sleep(10);
  process.off('warning', note);
  expect(warnings).toEqual(["RedisCache.set of 'user': unserialisable"]);
});
