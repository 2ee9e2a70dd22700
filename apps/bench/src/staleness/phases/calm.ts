import { setTimeout as sleep } from 'node:timers/promises';
import { quiet } from '../scene.ts';
import type { Phase } from '../scene.ts';

export const calm: Phase = {
  name: 'calm',
  what: 'nothing happens to anybody',
  play: async (scene) => {
    await scene.fleet.write(scene.plan.everyMs);
    await sleep(scene.plan.calmMs);
    await scene.fleet.rest();
    await quiet(scene);
  },
};
