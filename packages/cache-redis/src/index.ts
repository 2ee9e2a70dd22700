export { connectRedis } from './connection.ts';
export type { ConnectOptions, RedisConnection } from './connection.ts';
export type { RedisClient, RedisConnectionOptions } from './client.ts';
export { RedisError } from './errors.ts';
export type { RedisErrorCode } from './errors.ts';
export type { RedisEvent, RedisListener } from './events.ts';
export { RedisTier } from './redis-tier.ts';
export type { RedisTierOptions } from './redis-tier.ts';
