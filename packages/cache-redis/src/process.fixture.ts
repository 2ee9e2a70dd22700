// A program of its own: `node process.fixture.ts <what> <url>`. What it says is one JSON value a line.
import { registerHooks } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { createCache } from '@warmline/cache-core';
import type { RedisEvent } from './events.ts';
import { connectRedis } from './connection.ts';
import { RedisTier } from './redis-tier.ts';
import { StreamBus } from './stream-bus.ts';

const [, , what = '', url = ''] = process.argv;
const ref = { namespace: 'p:s:c', key: 'p:s:c:k', tags: [] };
const VALUE_BYTES = 150_000;

function say(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

function connect(options: object = {}): ReturnType<typeof connectRedis> {
  return connectRedis({ url, onEvent: (event: RedisEvent) => say(event.type), ...options });
}

async function endOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'answered',
    (error: unknown) => String((error as { code?: string }).code ?? error),
  );
}

const programs: Readonly<Record<string, () => unknown>> = {
  connect: () => connect(),
  'without a listener': () => connectRedis({ url }),
  'connect and read': async () => {
    const connection = connect();
    await connection.tried;
    await new RedisTier(connection).read([ref]);
    say('read');
  },
  subscribe: async () => {
    const connection = connect();
    await new StreamBus(connection).subscribe(
      () => {},
      () => {},
    );
    say('subscribed');
  },
  cache: async () => {
    const connection = connect();
    await connection.tried;
    const tiers = [new RedisTier(connection)];
    const cache = createCache<string>({ name: 'c', tiers, bus: new StreamBus(connection) });
    say(await cache.getOrLoad('k', () => 'loaded'));
  },
  close: async () => {
    const connection = connect();
    await connection.tried;
    const tier = new RedisTier(connection);
    const bus = new StreamBus(connection);
    const leave = await bus.subscribe(
      () => {},
      () => {},
    );
    await leave();
    const waiting = tier.read([ref]);
    await Promise.all([connection.close(), connection.close()]);
    await connection.close();
    const hangs = sleep(1_000, 'hangs', { ref: false });
    say((await Promise.race([endOf(waiting), hangs])) !== 'hangs');
    for (const call of [
      tier.read([ref]),
      tier.begin(ref, { leaseMs: 0, stampTtlMs: 1 }),
      tier.write(ref, Buffer.alloc(1), { ttlMs: 1 }),
      tier.invalidate({ kind: 'keys', namespace: ref.namespace, keys: [ref.key] }),
      bus.publish({ kind: 'namespace', namespace: 'n' }),
      bus.subscribe(
        () => {},
        () => {},
      ),
    ]) {
      say(await endOf(call));
    }
  },
  'close at once': () => connect().close(),
  'close without leaving the bus': async () => {
    const connection = connect();
    await new StreamBus(connection).subscribe(
      () => {},
      () => {},
    );
    await connection.close();
    // A loop of ours that goes on would be seen here.
    const before = process.cpuUsage();
    await sleep(500);
    say(process.cpuUsage(before).user < 100_000);
  },
  'write to a hung server': async () => {
    const connection = connect({ connectTimeoutMs: 3_000 });
    await connection.tried;
    const tier = new RedisTier(connection);
    await tier.read([]);
    // Its server is stopped when it hears of that.
    say('ready');
    await new Promise((resolve) => process.stdin.once('data', resolve));
    const usedBytes = async (): Promise<number> => {
      // Memory outside the heap is given back a little later.
      for (let round = 0; round < 4; round++) {
        globalThis.gc?.();
        await sleep(5);
      }
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    };
    const before = await usedBytes();
    const ends: Record<string, number> = {};
    const writes: Promise<void>[] = [];
    for (let index = 0; index < 10_000; index++) {
      const write = endOf(tier.write(ref, Buffer.alloc(VALUE_BYTES), { ttlMs: 1_000 }));
      writes.push(write.then((end) => void (ends[end] = (ends[end] ?? 0) + 1)));
      if (index % 100 === 0) await sleep(1);
    }
    // While the first of them still wait: it is what is held for a server that takes nothing.
    const heldBytes = (await usedBytes()) - before;
    await Promise.all(writes);
    say({ heldBytes, leftBytes: (await usedBytes()) - before, ends });
    await connection.close();
  },
};

if (process.env['WITHOUT_IOREDIS'] !== undefined) {
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier !== 'ioredis') return next(specifier, context);
      throw Object.assign(new Error("Cannot find package 'ioredis'"), { code: 'ERR_MODULE_NOT_FOUND' });
    },
  });
}
await programs[what]?.();
