import { expect, test } from 'vitest';
import { connectRedis } from '../connection.ts';
import { resolvePolicy } from './cache-options.ts';
import { RedisCache } from './redis-cache.ts';

test('defaults', () => {
  expect(resolvePolicy({})).toEqual({
    defaultTtl: 3_600,
    timeoutMs: 250,
    patternTimeoutMs: 30_000,
    maxValueBytes: 8_388_608,
    healthCheckIntervalMs: 30_000,
  });
});

test.each<[string, unknown, string]>([
  ['enabled', 'yes', 'enabled must be true or false, got "yes"'],
  ['onEvent', 5, 'onEvent must be a function, got 5'],
  ['defaultTtl', 0, 'defaultTtl must be a number of seconds above 0, or Infinity for no expiry, got 0'],
  ['defaultTtl', '60', 'defaultTtl must be a number of seconds above 0, or Infinity for no expiry, got "60"'],
  ['defaultTtl', Number.NaN, 'defaultTtl must be a number of seconds above 0, or Infinity for no expiry, got NaN'],
  ['timeoutMs', 5_000, 'timeoutMs must be a number above 0 and below 5000, got 5000'],
  ['timeoutMs', null, 'timeoutMs must be a number above 0 and below 5000, got null'],
  ['patternTimeoutMs', -1, 'patternTimeoutMs must be a number above 0, got -1'],
  ['healthCheckIntervalMs', 0, 'healthCheckIntervalMs must be a number above 0, got 0'],
  ['maxValueBytes', 0.5, 'maxValueBytes must be a whole number above 0 and below 536870912, got 0.5'],
  ['connection', {}, 'connection must be one of connectRedis(), got object'],
  ['prefix', '', 'prefix must be a non-empty string, got ""'],
  ['scope', 5, 'scope must be a non-empty string, got 5'],
  ['connectTimeoutMs', 0, 'connectTimeoutMs must be a number above 0, at most 5000, got 0'],
  ['socketTimeoutMs', 5_001, 'socketTimeoutMs must be a number above 0, at most 5000, got 5001'],
  ['url', 'http://host', "got 'http://host'"],
  ['url', 5, 'got number'],
  ['url', 'redis://user:pa/ss@host', "got 'redis://***@host'"],
  ['url', 'redis://:100%@host', "got 'redis://***@host'"],
])('%s of %j is refused', (name, value, message) => {
  const make = (): RedisCache => new RedisCache({ [name]: value });
  expect(make).toThrow(TypeError);
  expect(make).toThrow(message);
});

test('only one place', async () => {
  const connection = connectRedis({ onEvent: () => {} });
  expect(() => new RedisCache({ connection, url: 'redis://127.0.0.1' })).toThrow(
    'one of url, client and connection must be given, got url and connection',
  );
  await connection.close();
});
