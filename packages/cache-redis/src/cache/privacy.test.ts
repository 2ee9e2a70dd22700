import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { RedisServer } from '../testing/index.ts';
import { testCache } from './test-cache.fixture.ts';

test('no event, message or summary repeats a key, a value or a password', async () => {
  await using server = await RedisServer.start({ password: 'pa55word' });
  const { cache, events } = testCache({ url: server.url, timeoutMs: 100 });
  const secret = 'Sunflower';
  const key = `user:${secret}:x`;
  const everything = async (): Promise<void> => {
    await cache.set(key, secret);
    await cache.setJson(key, { [secret]: 1n });
    await cache.set(key, secret, { ttl: -1 });
    await cache.set(`${secret} ${secret}:1`, secret, { ttl: -1 });
    await cache.set(secret, secret, { ttl: -1 });
    await cache.set(`${key}\ud800`, secret);
    await cache.get(key);
    await cache.getJson(key);
    await cache.delete(key, `${key}2`);
    await cache.exists(key, secret.repeat(1_000));
    await cache.expire(key, Number.NaN);
    await cache.invalidatePattern(`${secret.repeat(1_000)}*`);
    await cache.clearUserCache(secret);
    await cache.lock(secret, secret, { ttl: -1 });
    await cache.lock(secret, '');
    await (await cache.lock(secret, secret))?.release();
  };
  await everything();
  await server.command('RPUSH', 'warm', 'up');
  await server.fill();
  await everything();
  await server.unfill();
  await server.pause();
  await everything();
  server.resume();
  await server.kill();
  await everything();
  expect(events.length).toBeGreaterThan(40);
  const told = inspect([events, await cache.healthCheck(), await cache.getStats(), cache.metrics.summary(), cache], {
    depth: 30,
    showHidden: true,
    maxArrayLength: null,
    maxStringLength: null,
  });
  expect(told).not.toContain('pa55word');
  expect(told).not.toContain(secret);
  await cache.close();
});
