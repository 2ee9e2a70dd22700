// A process of a machine: `fork(…, [directory, url, prefix])`; answers what its parent asks by messages.
import type { Invalidation } from '@warmline/cache-core';
import { createCache } from '@warmline/cache-core';
import { openHostTier } from '../../cache-lmdb/src/index.ts';
import { connectRedis } from './connection.ts';
import { RedisTier } from './redis-tier.ts';
import { StreamBus } from './stream-bus.ts';

const [, , directory = '', url = '', prefix = ''] = process.argv;
const connection = connectRedis({ url, connectTimeoutMs: 300, socketTimeoutMs: 300, onEvent: () => {} });
const host = openHostTier({ directory, onEvent: () => {} });
if (host === undefined) throw new Error('no host tier');
const tiers = [host, new RedisTier(connection, { prefix })];
const cache = createCache<string>({ name: 'c', prefix, tiers, bus: new StreamBus(connection, { prefix }) });

const answers: Readonly<Record<string, (argument: unknown) => unknown>> = {
  ready: () => connection.tried,
  delete: (key) => cache.delete(String(key)),
  owe: (invalidation) => host.outbox.owe(invalidation as Invalidation),
  settle: (debt) => host.outbox.settle(String(debt)),
};
process.on('message', ([id, what, argument]: [number, string, unknown]) => {
  void Promise.resolve(answers[what]?.(argument)).then(
    (value) => process.send?.([id, value]),
    (error: unknown) => process.send?.([id, { error: String(error) }]),
  );
});
