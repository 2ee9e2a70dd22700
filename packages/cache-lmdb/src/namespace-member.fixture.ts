import { setTimeout as sleep } from 'node:timers/promises';
import { openHostTier } from './open-host-tier.ts';
import type { HostTier } from './host-tier.ts';
import { Keeper } from './keeper.ts';
import { refOf, serve } from './machine.fixture.ts';

let tier: HostTier | undefined;
let text = '';

async function read(): Promise<string | undefined> {
  const found = await tier?.read([refOf('k')]);
  const bytes = found?.[0]?.bytes;
  return bytes && Buffer.from(bytes).toString();
}

/** A process in a container. */
serve({
  live: async (directory: string, value: string) => {
    text = value;
    tier = openHostTier({ directory });
    await tier?.write(refOf('k'), Buffer.from(text), { ttlMs: 600_000 });
    await tier?.leases.acquire('l', 600_000);
    return { directory: tier?.directory, pid: process.pid, own: await read(), holder: tier?.leases.holderOf('l') };
  },
  tidy: async () => {
    if (tier === undefined) return;
    const keeper = new Keeper(tier);
    for (let look = 0; look < 200 && !keeper.isHolding; look++) await sleep(10);
    // Its first round, in which it removes what earlier boots have left.
    await sleep(500);
    await keeper.close();
  },
  again: async () => {
    await tier?.write(refOf('k'), Buffer.from(text), { ttlMs: 600_000 });
    return read();
  },
});
