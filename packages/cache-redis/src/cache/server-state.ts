import type { Gate } from './gate.ts';

/** @see RedisCache.getStats */
export interface RedisCacheStats {
  readonly enabled: boolean;
  /** Whether Redis has answered just now. */
  readonly connected: boolean;
  readonly totalRequests: number;
  readonly cacheHits: number;
  readonly cacheMisses: number;
  /** 0 to 1. */
  readonly hitRate: number;
  /** Calls that found no connection, or no answer in time. */
  readonly connectionErrors: number;
  /** In the whole database, all masters of a Cluster together (`DBSIZE`); 0 when Redis does not answer. */
  readonly redisKeys: number;
  /** As Redis writes it, e.g. `1.05M`; `unknown` when it does not answer. */
  readonly redisMemory: string;
}

/** What Redis says about itself; of a Cluster, the sum of its masters. */
export interface ServerState {
  /** Of the whole database, as `DBSIZE` counts: to count those of one cache would mean to look at all. */
  readonly keys: number;
  /** As `INFO` writes `used_memory_human`. */
  readonly memory: string;
}

const UNITS = ['B', 'K', 'M', 'G', 'T', 'P'] as const;
const UNIT = 1_024;

/** @throws CacheFault */
export async function serverState(gate: Gate): Promise<ServerState> {
  return gate.run({
    work: async (link) => {
      const parts = await Promise.all(
        link.masters().map(async (master) => {
          const [keys, info] = await Promise.all([master.dbsize(), master.info('memory')]);
          return { keys, bytes: Number(/^used_memory:(\d+)/mu.exec(info)?.[1] ?? 0) };
        }),
      );
      return {
        keys: parts.reduce((sum, { keys }) => sum + keys, 0),
        memory: humanBytes(parts.reduce((sum, { bytes }) => sum + bytes, 0)),
      };
    },
  });
}

/** `1.05M`, as Redis writes it. */
export function humanBytes(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / Math.log2(UNIT)));
  return power === 0 ? `${bytes}B` : `${(bytes / UNIT ** power).toFixed(2)}${UNITS[power] ?? ''}`;
}
