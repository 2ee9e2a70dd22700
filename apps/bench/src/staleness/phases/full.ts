import { setTimeout as sleep } from 'node:timers/promises';
import { quiet } from '../scene.ts';
import type { Phase } from '../scene.ts';

const FULL_MS = 1_500;

export const full: Phase = {
  name: 'full',
  what: 'Redis takes no writes for 1.5 s (noeviction): it deletes, and refuses what is published',
  play: async (scene) => {
    const { fleet, plan, deeds } = scene;
    for (let round = 0; round < plan.rounds; round++) {
      await fleet.write(plan.everyMs);
      for (const { line } of fleet.routes) line.cut();
      await fleet.redis.fill();
      deeds.fillings++;
      await sleep(FULL_MS);
      await fleet.rest();
      await fleet.redis.unfill();
      for (const { line } of fleet.routes) line.restore();
      await quiet(scene);
    }
  },
};
