import { setTimeout as sleep } from 'node:timers/promises';
import { RedisServer } from '@warmline/cache-redis/testing';
import type { Family } from '../processes/family.ts';
import type { GrowthCalls, Memory } from './growth-child.ts';

/** What a process that writes to a server which hangs keeps of it. */
export interface Growth {
  readonly serverPid: number;
  readonly writes: number;
  readonly bytesEach: number;
  readonly failed: number;
  readonly tookMs: number;
  /** With a full process tier, and the server in order. */
  readonly before: Memory;
  /** While the server hangs: when half of it was written, and all. */
  readonly half: Memory;
  readonly after: Memory;
}

const VALUE_BYTES = 150 * 1024;
const SETTLES_MS = 200;

/** Fills a process's own cache, then stops the server and writes on. */
export async function measureGrowth(family: Family, writes: number, leaks: boolean): Promise<Growth> {
  await using server = await RedisServer.start();
  const child = await family.start<GrowthCalls>('writer', { from: import.meta.url, file: 'growth-child' });
  await child.ask('open', { url: server.url, leaks });
  await child.ask('fill', { bytes: VALUE_BYTES });
  await sleep(SETTLES_MS);
  const before = await child.ask('memory', {});
  await server.pause();
  const part = { writes: writes / 2, bytes: VALUE_BYTES };
  const first = await child.ask('write', part);
  const half = await child.ask('memory', {});
  const second = await child.ask('write', part);
  const after = await child.ask('memory', {});
  server.resume();
  await child.ask('close', {});
  await child.close();
  return {
    serverPid: server.pid,
    writes,
    bytesEach: VALUE_BYTES,
    failed: first.failed + second.failed,
    tookMs: first.tookMs + second.tookMs,
    before,
    half,
    after,
  };
}

/** In MiB, since the less of the two: what is freed counts as none. */
export function growthMb({ before, half, after }: Growth): number {
  return Math.max(0, after.usedBytes - Math.min(before.usedBytes, half.usedBytes)) / 2 ** 20;
}
