import { randomInt } from 'node:crypto';
import { openHostTier } from './open-host-tier.ts';
import type { HostTier, HostTierOptions } from './host-tier.ts';
import { refOf, serve } from './machine.fixture.ts';
import { isSealed, sealed } from './sealed-value.fixture.ts';

const LANES = 8;
const LONG_MS = 600_000;

let tier: HostTier | undefined;

function opened(): HostTier {
  if (tier === undefined) throw new Error('no host tier');
  return tier;
}

async function writeOn(keys: number): Promise<never> {
  const host = opened();
  for (;;) {
    const key = randomInt(keys);
    const lease = await host.leases.acquire(`of ${key}`, LONG_MS);
    await host.write(refOf(String(key)), sealed(randomInt(1, 40_000)), { ttlMs: LONG_MS });
    await host.invalidate({ kind: 'keys', namespace: 'w:s:n', keys: [refOf(`not ${key}`).key] });
    await lease?.release();
  }
}

/** A process that writes and takes leases until it is killed. */
serve({
  open: (options: HostTierOptions) => {
    tier = openHostTier(options);
    return tier !== undefined;
  },
  /** Answers when it is under way: it holds two leases for good, and is in the middle of writes. */
  churn: async (keys: number) => {
    await opened().leases.acquire(`held by ${process.pid}`, LONG_MS);
    await opened().begin(refOf(`loaded by ${process.pid}`), { leaseMs: LONG_MS, stampTtlMs: LONG_MS });
    for (let lane = 0; lane < LANES; lane++) void writeOn(keys);
    await opened().write(refOf('first'), sealed(10), { ttlMs: LONG_MS });
  },
  /** How many of the values are there, and how many are not what somebody wrote. */
  check: async (keys: number) => {
    const found = await opened().read(Array.from({ length: keys }, (_, key) => refOf(String(key))));
    const values = found.flatMap(({ bytes }) => (bytes === undefined ? [] : [bytes]));
    return { values: values.length, corrupt: values.filter((value) => !isSealed(value)).length };
  },
});
