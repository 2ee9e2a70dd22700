import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RedisServer } from '@warmline/cache-redis/testing';
import type { Child } from '../processes/child.ts';
import type { Family } from '../processes/family.ts';
import { monotonicMs } from '../processes/monotonic.ts';
import type { MemberCalls } from './member-child.ts';
import type { ServiceCalls, ServiceReport } from './service-child.ts';

/** @see startMachines */
export interface MachinesOptions {
  readonly family: Family;
  readonly folder: string;
  readonly convexUrl: string;
  /** The processes, which leave the machines that they were on before. */
  readonly members: readonly Child<MemberCalls>[];
  /** Several share a Redis. */
  readonly count: number;
  readonly sabotage: string | undefined;
}

/** Machines: each a directory with a service of its own and its part of the processes. */
export interface Machines {
  /** In turn on one and on another. */
  readonly members: readonly Child<MemberCalls>[];
  readonly directories: readonly string[];
  readonly redisPid: number | undefined;
  reports(): Promise<readonly ServiceReport[]>;
  /** Searches that the processes have made, by organisation. */
  searches(): Promise<ReadonlyMap<string, number>>;
  close(): Promise<void>;
}

const LIVE_LIMIT_MS = 20_000;
const LOOK_MS = 10;

/** Resolves when every machine hears of changes. */
export async function startMachines(options: MachinesOptions): Promise<Machines> {
  const { family, folder, convexUrl, members, count, sabotage } = options;
  const redis = count > 1 ? await RedisServer.start() : undefined;
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  const placeOf = (machine: number) => ({
    directory: join(folder, `${count}-${machine}`),
    convexUrl,
    sabotage,
    ...(redis && { redisUrl: redis.url }),
  });
  const services = await Promise.all(
    numbers.map(async (machine) => {
      const role = `host service, machine ${machine} of ${count}`;
      const service = await family.start<ServiceCalls>(role, { from: import.meta.url, file: 'service-child' });
      await service.ask('open', placeOf(machine));
      return service;
    }),
  );
  const opened = await Promise.all(members.map((member, index) => member.ask('open', placeOf((index % count) + 1))));
  await Promise.all(services.map(untilLive));
  return {
    members,
    directories: [...new Set(opened.map(({ directory }) => directory))],
    redisPid: redis?.pid,
    reports: () => Promise.all(services.map((service) => service.ask('report', {}))),
    searches: async () => addMaps(await Promise.all(members.map((member) => member.ask('searches', {})))),
    close: async () => {
      await Promise.all(members.map((member) => member.ask('leave', {})));
      await Promise.all(services.map((service) => service.close()));
      await redis?.[Symbol.asyncDispose]();
    },
  };
}

async function untilLive(service: Child<ServiceCalls>): Promise<void> {
  const untilMs = monotonicMs() + LIVE_LIMIT_MS;
  while (!(await service.ask('isLive', {}))) {
    if (monotonicMs() > untilMs) throw new Error('a host service does not hear of changes');
    await sleep(LOOK_MS);
  }
}

function addMaps(maps: readonly ReadonlyMap<string, number>[]): ReadonlyMap<string, number> {
  const total = new Map<string, number>();
  for (const [name, count] of maps.flatMap((map) => [...map])) total.set(name, (total.get(name) ?? 0) + count);
  return total;
}
