export { findRedisProgram } from './redis-program.ts';
export type { FindRedisProgramOptions, RedisKind, RedisProgram } from './redis-program.ts';
export { RedisServer } from './redis-server.ts';
export type { RedisServerOptions, RestartOptions } from './redis-server.ts';
export { FaultProxy } from './fault-proxy.ts';
export type { FaultProxyOptions, ProxyTarget } from './fault-proxy.ts';
export type { CommandLedger } from './command-ledger.ts';
export type { Direction, DirectionFaults, NetworkFaults } from './network-faults.ts';
