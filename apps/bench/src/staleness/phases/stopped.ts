import { setTimeout as sleep } from 'node:timers/promises';
import { LIVE_MS } from '../allowed.ts';
import { quiet } from '../scene.ts';
import type { Phase } from '../scene.ts';
import { MACHINES } from '../stage.ts';

/** Beyond the time for which a machine may believe what it holds. */
const BEYOND_MS = 2_000;

export const stopped: Phase = {
  name: 'stopped',
  what: `a host service is stopped (SIGSTOP) for ${(LIVE_MS + BEYOND_MS) / 1000} s, then goes on`,
  play: async (scene) => {
    const { fleet, plan, deeds } = scene;
    for (let round = 0; round < plan.rounds; round++) {
      const machine = fleet.machines[MACHINES[(round + 1) % MACHINES.length] ?? 'b'];
      await fleet.write(plan.everyMs);
      await fleet.stopService(machine);
      deeds.pumpStops++;
      await sleep(LIVE_MS + BEYOND_MS);
      await fleet.rest();
      fleet.continueService(machine);
      await quiet(scene);
    }
  },
};
