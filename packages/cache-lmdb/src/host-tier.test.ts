import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sharedTierConformance } from '@warmline/cache-core/testing';
import { describe, test } from 'vitest';
import { openHostTier } from './open-host-tier.ts';
import type { HostTier } from './host-tier.ts';

sharedTierConformance(
  { describe, test },
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'warmline-test-'));
    const tiers: HostTier[] = [];
    const open = (): HostTier => {
      const tier = openHostTier({ directory, journalCapacity: 200 });
      if (tier === undefined) throw new Error('no host tier');
      tiers.push(tier);
      return tier;
    };
    return {
      tier: open(),
      another: async () => open(),
      close: async () => {
        for (const tier of tiers) await tier.close();
        await rm(directory, { recursive: true });
      },
    };
  },
  { requires: ['journal', 'beginMany', 'stayLive', 'outbox', 'softening'], journalCapacity: 200 },
);
