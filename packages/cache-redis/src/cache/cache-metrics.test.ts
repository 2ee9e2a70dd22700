import { expect, test } from 'vitest';
import { RedisServer } from '../testing/index.ts';
import { CacheMetrics } from './cache-metrics.ts';
import { testCache } from './test-cache.fixture.ts';

test('nothing asked', () => {
  const metrics = new CacheMetrics();
  expect(metrics.hitRate()).toBe(0);
  expect(metrics.hitRate('context')).toBe(0);
  expect(metrics.summary()).toEqual({
    total_requests: 0,
    hits: 0,
    misses: 0,
    hit_rate: '0.00%',
    sets: 0,
    deletes: 0,
    errors: 0,
    categories: {},
  });
});

test('everything is counted once', async () => {
  await using server = await RedisServer.start();
  const { cache } = testCache({ url: server.url });
  const { metrics } = cache;
  await cache.set('context:1:1', 'x');
  await cache.setJson('user:1:profile', {});
  await cache.set('user:1:profile', 'y', { nx: true });
  await cache.set('user:1:profile', 1n as unknown as string);
  for (let i = 0; i < 7; i++) await cache.get('context:1:1');
  for (let i = 0; i < 2; i++) await cache.get('context:1:2');
  await cache.getJson('user:1:profile');
  await cache.getJson('context:1:1');
  await cache.get('plain');
  await cache.exists('context:1:1');
  await cache.ttl('context:1:1');
  await cache.delete('context:1:1', 'context:1:2');
  await cache.clearUserCache('1');
  await cache.invalidatePattern('*');
  expect(metrics.summary()).toEqual({
    total_requests: 12,
    hits: 8,
    misses: 4,
    hit_rate: '66.67%',
    sets: 2,
    deletes: 2,
    errors: 2,
    categories: {
      context: { hits: 7, misses: 3, hit_rate: '70.00%' },
      user: { hits: 1, misses: 0, hit_rate: '100.00%' },
      other: { hits: 0, misses: 1, hit_rate: '0.00%' },
    },
  });
  expect(metrics.hitRate()).toBe(8 / 12);
  expect(metrics.hitRate('context')).toBe(0.7);
  expect(metrics.categories.get('user')).toEqual({ hits: 1, misses: 0 });
  metrics.reset();
  expect(metrics.summary()).toMatchObject({ total_requests: 0, sets: 0, deletes: 0, errors: 0, categories: {} });
  await cache.close();
});

test('the figure of the requirements', () => {
  const metrics = new CacheMetrics();
  for (let i = 0; i < 10_000; i++) metrics.countRead('context', i < 7_799);
  expect(metrics.summary()).toMatchObject({ total_requests: 10_000, hit_rate: '77.99%' });
});

test('categories are bounded, and nothing is lost', () => {
  const metrics = new CacheMetrics();
  for (let i = 0; i < 1_000; i++) metrics.countRead(`c${i}`, true);
  metrics.countRead('constructor', false);
  expect(metrics.categories.size).toBeLessThanOrEqual(65);
  expect(metrics.categories.get('other')).toEqual({ hits: 936, misses: 1 });
  expect(metrics.hits).toBe(1_000);
});
