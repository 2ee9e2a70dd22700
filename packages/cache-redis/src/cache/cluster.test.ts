import { afterAll, beforeAll, expect, test } from 'vitest';
import { RedisCluster } from '../testing/index.ts';
import type { TestCache } from './test-cache.fixture.ts';
import { testCache } from './test-cache.fixture.ts';

let cluster: RedisCluster;
let at: TestCache;
beforeAll(async () => {
  cluster = await RedisCluster.start({ masters: 3, replicasEach: 0 });
  at = testCache({ url: cluster.url, timeoutMs: 1_000 });
  await at.cache.get('warm:up');
  at.cache.metrics.reset();
}, 60_000);
afterAll(async () => {
  await at.cache.close();
  await cluster[Symbol.asyncDispose]();
});

test('values, counts and patterns over all masters', async () => {
  const keys = Array.from({ length: 600 }, (_v, index) => `context:${index}:1`);
  expect((await Promise.all(keys.map((key) => at.cache.set(key, key)))).every(Boolean)).toBe(true);
  const sizes = await Promise.all(cluster.nodes.map((node) => node.command('DBSIZE')));
  expect(sizes.every((size) => Number(size) > 100)).toBe(true);
  expect(await at.cache.get('context:7:1')).toBe('context:7:1');
  expect(await at.cache.exists(...keys)).toBe(600);
  expect(await at.cache.delete('context:0:1', 'context:1:1', 'context:2:1')).toBe(3);
  await at.cache.set('{tag}:1', 'x');
  expect((await at.cache.getStats()).redisKeys).toBe(598);
  expect(await at.cache.invalidatePattern('context:*')).toBe(597);
  expect(await at.cache.exists('{tag}:1')).toBe(1);
  expect(at.faults()).toEqual([]);
});

test('statistics, health and locks', async () => {
  expect(await at.cache.getStats()).toMatchObject({
    connected: true,
    redisMemory: expect.stringMatching(/^\d+\.\d\dM$/),
  });
  expect((await at.cache.healthCheck()).message).toBe('connected');
  for (let i = 0; i < 10; i++) {
    const lock = await at.cache.lock('many', i);
    expect(await at.cache.lock('many', i)).toBeUndefined();
    expect(await lock?.release()).toBe(true);
  }
});

test('large values', async () => {
  const text = 'x'.repeat(100_000);
  for (let i = 0; i < 10; i++) expect(await at.cache.set(`large:${i}`, text)).toBe(true);
  for (let i = 0; i < 10; i++) expect(await at.cache.get(`large:${i}`)).toBe(text);
  expect(await at.cache.invalidatePattern('large:*')).toBe(10);
});

test('a hung master costs no call more than its time, and a pattern tells that it is not complete', async () => {
  const keys = Array.from({ length: 300 }, (_v, index) => `hung:${index}`);
  await Promise.all(keys.map((key) => at.cache.set(key, 'x')));
  const [hung] = cluster.nodes;
  await hung?.pause();
  try {
    const startMs = performance.now();
    const count = await at.cache.invalidatePattern('hung:*');
    expect(performance.now() - startMs).toBeLessThan(1_500);
    expect(count).toBeGreaterThan(100);
    expect(count).toBeLessThan(300);
    expect(at.faults().at(-1)).toMatch(/^invalidatePattern (?:timeout|unavailable)/);
  } finally {
    hung?.resume();
  }
});
