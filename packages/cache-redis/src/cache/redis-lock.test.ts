import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { FaultProxy, RedisServer } from '../testing/index.ts';
import type { RedisCacheOptions } from './cache-options.ts';
import { LockLostError } from './redis-lock.ts';
import type { TestCache } from './test-cache.fixture.ts';
import { testCache } from './test-cache.fixture.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
}, 60_000);
afterAll(() => server[Symbol.asyncDispose]());

const open: TestCache[] = [];
afterEach(async () => {
  for (const { cache } of open.splice(0)) await cache.close();
});
function caches(count: number, options: RedisCacheOptions = {}): TestCache[] {
  const [first = testCache({ url: server.url, ...options })] = open;
  const prefix = first.namespace.split(':')[0] ?? '';
  const made = [first, ...Array.from({ length: count - 1 }, () => testCache({ url: server.url, ...options, prefix }))];
  open.push(...made);
  return made;
}

test('one holder, its key, and its end', async () => {
  const [one, two] = caches(2);
  const name = `${one!.namespace}lock:import:42`;
  const lock = await one!.cache.lock('import', 42, { ttl: 5 });
  expect(lock?.isHeld).toBe(true);
  expect(await server.command('STRLEN', name)).toBe(16);
  expect(await server.command('PTTL', name)).toBeGreaterThan(4_000);
  expect(await two!.cache.lock('import', 42, { ttl: 5 })).toBeUndefined();
  expect(await two!.cache.lock('import', '42')).toBeUndefined();
  const other = await two!.cache.lock('import', 43);
  expect(other?.isHeld).toBe(true);
  const whole = await two!.cache.lock('import');
  expect(whole?.isHeld).toBe(true);
  expect(await lock?.release()).toBe(true);
  expect(lock?.isHeld).toBe(false);
  expect(lock?.signal.aborted).toBe(false);
  expect(await lock?.release()).toBe(false);
  const next = await two!.cache.lock('import', 42);
  expect(next?.isHeld).toBe(true);
  expect(two!.events).toEqual([]);
});

test('await using releases it', async () => {
  const [one] = caches(1);
  {
    await using lock = await one!.cache.lock('scoped');
    expect(lock?.isHeld).toBe(true);
  }
  expect(await one!.cache.exists('lock:scoped')).toBe(0);
});

test('it lives longer than its time while its holder does', async () => {
  const [one, two] = caches(2);
  const lock = await one!.cache.lock('long', 1, { ttl: 0.4 });
  for (const endMs = performance.now() + 1_000; performance.now() < endMs; await sleep(10)) {
    expect(lock?.isHeld).toBe(true);
    expect(await two!.cache.lock('long', 1)).toBeUndefined();
  }
  expect(lock?.signal.aborted).toBe(false);
  expect(await lock?.release()).toBe(true);
});

test('a lock that was taken over is lost, is not prolonged, and its old holder cannot release it', async () => {
  const [one, two] = caches(2);
  const lock = await one!.cache.lock('taken', 1, { ttl: 0.3 });
  await one!.cache.delete('lock:taken:1');
  const other = await two!.cache.lock('taken', 1, { ttl: 0.3 });
  expect(other?.isHeld).toBe(true);
  await expect.poll(() => lock?.signal.aborted).toBe(true);
  expect(lock?.signal.reason).toBeInstanceOf(LockLostError);
  expect(lock?.isHeld).toBe(false);
  expect(await lock?.release()).toBe(false);
  await sleep(400);
  expect(other?.isHeld).toBe(true);
  expect(await other?.release()).toBe(true);
});

test('releasing what another took meanwhile leaves it to the other', async () => {
  const [one, two] = caches(2);
  const lock = await one!.cache.lock('taken', 2, { ttl: 30 });
  await one!.cache.delete('lock:taken:2');
  const other = await two!.cache.lock('taken', 2, { ttl: 30 });
  expect(await lock?.release()).toBe(false);
  expect(await one!.cache.exists('lock:taken:2')).toBe(1);
  expect(await other?.release()).toBe(true);
});

test('two holders never: contention, short times, and Redis away for a while', async () => {
  const many = caches(6);
  const ttl = 0.1;
  let holders = 0;
  let most = 0;
  let turns = 0;
  let lost = 0;
  const endMs = performance.now() + 2_000;
  const compete = async ({ cache }: TestCache): Promise<void> => {
    while (performance.now() < endMs) {
      const lock = await cache.lock('contended', 'x', { ttl });
      if (lock === undefined) {
        await sleep(3);
        continue;
      }
      turns++;
      const workUntilMs = performance.now() + Math.random() * 80;
      let counted = false;
      const leave = (): void => {
        if (counted) holders--;
        counted = false;
      };
      lock.signal.addEventListener('abort', leave);
      if (lock.isHeld) {
        counted = true;
        holders++;
        most = Math.max(most, holders);
      }
      while (lock.isHeld && performance.now() < workUntilMs) await sleep(2);
      leave();
      if (performance.now() < workUntilMs) lost++;
      // A holder that dies, every now and then.
      if (Math.random() < 0.8) await lock.release();
      else await sleep(ttl * 500);
    }
  };
  const disturb = async (): Promise<void> => {
    for (let i = 0; i < 3; i++) {
      await sleep(350);
      await server.pause();
      await sleep(200);
      server.resume();
    }
  };
  await Promise.all([...many.map(compete), disturb()]);
  expect(most).toBe(1);
  expect(turns).toBeGreaterThan(8);
  expect(lost).toBeGreaterThan(0);
});

test('a holder cut off from Redis knows that it has lost it before another can have it', async () => {
  const proxy = await FaultProxy.start({ port: server.port });
  const [one] = caches(1, { url: proxy.url, timeoutMs: 100 });
  const [, two] = caches(2);
  const lock = await one!.cache.lock('cut', 1, { ttl: 0.5 });
  proxy.set({ blackhole: true });
  let lostMs = 0;
  lock?.signal.addEventListener('abort', () => (lostMs = performance.now()));
  let other;
  for (; other === undefined; await sleep(1)) other = await two!.cache.lock('cut', 1, { ttl: 5 });
  const takenMs = performance.now();
  expect(lostMs).toBeGreaterThan(0);
  expect(lostMs).toBeLessThan(takenMs);
  expect(lock?.isHeld).toBe(false);
  expect(lock?.signal.reason).toEqual(new LockLostError('the lock is lost: it could not be prolonged in time'));
  await proxy.heal();
  await sleep(300);
  expect(other.isHeld).toBe(true);
  expect(await two!.cache.exists('lock:cut:1')).toBe(1);
  await proxy[Symbol.asyncDispose]();
});

test('a short absence of Redis is survived', async () => {
  const proxy = await FaultProxy.start({ port: server.port });
  const [one] = caches(1, { url: proxy.url, timeoutMs: 100 });
  const lock = await one!.cache.lock('short', 1, { ttl: 1 });
  await sleep(250);
  proxy.reset();
  await proxy.refuse(true);
  await sleep(350);
  await proxy.heal();
  await sleep(800);
  expect(lock?.isHeld).toBe(true);
  expect(await lock?.release()).toBe(true);
  await proxy[Symbol.asyncDispose]();
});

test('a lock whose answer came too late is given back', async () => {
  const [one] = caches(1, { timeoutMs: 100, socketTimeoutMs: 3_000 });
  await one!.cache.get('warm:up');
  await server.pause();
  expect(await one!.cache.lock('late', 1)).toBeUndefined();
  expect(one!.faults()).toEqual(['lock timeout']);
  server.resume();
  await expect.poll(() => one!.cache.lock('late', 1), { timeout: 2_000 }).toBeDefined();
});

test('a busy process does not take itself for the holder after the time is over', async () => {
  const [one] = caches(1);
  const lock = await one!.cache.lock('busy', 1, { ttl: 0.1 });
  const untilMs = performance.now() + 150;
  while (performance.now() < untilMs);
  expect(lock?.isHeld).toBe(false);
});

test('bad arguments and a full server: undefined and an event', async () => {
  const [one] = caches(1);
  for (const ttl of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
    expect(await one!.cache.lock('a', 1, { ttl })).toBeUndefined();
  expect(await one!.cache.lock('')).toBeUndefined();
  expect(await one!.cache.lock({} as string)).toBeUndefined();
  expect(one!.faults()).toEqual(Array.from({ length: 6 }, () => 'lock bad-argument'));
  expect(one!.events.at(-1)).toMatchObject({ category: 'lock' });
});

test('release when Redis is away is false, told, and the lock ends by itself', async () => {
  const own = await RedisServer.start();
  const { cache, faults } = testCache({ url: own.url });
  const lock = await cache.lock('a', 1, { ttl: 5 });
  await own.kill();
  await expect.poll(() => cache.connected).toBe(false);
  expect(await lock?.release()).toBe(false);
  expect(lock?.isHeld).toBe(false);
  expect(faults()).toEqual(['release unavailable']);
  await cache.close();
  await own[Symbol.asyncDispose]();
});

test('disabling the cache leaves a lock to its holder', async () => {
  const [one] = caches(1);
  const lock = await one!.cache.lock('kept', 1, { ttl: 0.4 });
  one!.cache.disable();
  await sleep(700);
  expect(lock?.isHeld).toBe(true);
  expect(await lock?.release()).toBe(true);
});
