import { setTimeout as sleep } from 'node:timers/promises';
import { quiet } from '../scene.ts';
import type { Phase } from '../scene.ts';

const SINCE_MS = 1_000;
const AWAY_MS = 200;

export const snapshot: Phase = {
  name: 'snapshot',
  what: 'Redis is killed, and started again with what it held a second before',
  play: async (scene) => {
    const { fleet, plan, deeds } = scene;
    for (let round = 0; round < plan.rounds; round++) {
      await fleet.write(plan.everyMs);
      const before = await fleet.redis.snapshot();
      await sleep(SINCE_MS);
      for (const { line } of fleet.routes) line.cut();
      await fleet.redis.kill();
      await sleep(AWAY_MS);
      await fleet.rest();
      fleet.redis.restore(before);
      for (const { line } of fleet.routes) line.mend();
      await fleet.redis.restart();
      deeds.restarts++;
      await quiet(scene);
    }
  },
};
