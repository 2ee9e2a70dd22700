import { openHostTier } from './open-host-tier.ts';
import type { HostTier } from './host-tier.ts';
import { refOf, serve } from './machine.fixture.ts';

let tier: HostTier | undefined;

/** A process that reads, does nothing for a while, and reads again. */
serve({
  open: (directory: string) => {
    tier = openHostTier({ directory });
    return tier !== undefined;
  },
  read: async (keys: number) => {
    let found = 0;
    for (let key = 0; key < keys; key++) {
      const answer = await tier?.read([refOf(String(key))]).catch(() => undefined);
      if (answer?.[0]?.bytes !== undefined) found++;
    }
    return found;
  },
});
