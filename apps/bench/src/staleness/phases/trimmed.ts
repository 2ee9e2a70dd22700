import { setTimeout as sleep } from 'node:timers/promises';
import type { Machine } from '../fleet.ts';
import { blackhole, heal, quiet } from '../scene.ts';
import type { Phase, Scene } from '../scene.ts';

/** As `StreamBus` names it. */
const STREAM = 'warmline:bus';
const HELD_MS = 1_200;

/** How the stream loses what a reader has not read. */
const LOSSES: readonly ((scene: Scene) => Promise<unknown>)[] = [
  ({ fleet: { redis } }) => redis.command('XTRIM', STREAM, 'MAXLEN', 0),
  // With smaller ids than before: whoever waits for larger ones never wakes.
  async ({ fleet: { redis } }) => {
    await redis.command('DEL', STREAM);
    await redis.command('XADD', STREAM, '1-1', 'anchor', '');
  },
  ({ fleet: { redis } }) => redis.command('XTRIM', STREAM, 'MAXLEN', 3),
];

/** How a reader is held back meanwhile. */
const HOLDS: readonly {
  hold(scene: Scene, machine: Machine): Promise<void>;
  release(scene: Scene, machine: Machine): void;
}[] = [
  {
    hold: async (_, { serviceRoute }) => blackhole(serviceRoute),
    release: (_, { serviceRoute }) => heal(serviceRoute),
  },
  {
    hold: ({ fleet }, machine) => fleet.stopService(machine),
    release: ({ fleet }, machine) => fleet.continueService(machine),
  },
  // Not at all.
  { hold: async () => {}, release: () => {} },
];

/** Each loss and each way of being held back comes once before one comes again. */
const COMBINATIONS = LOSSES.flatMap((_, shift) =>
  HOLDS.map((hold, index) => [hold, LOSSES[(index + shift) % LOSSES.length]] as const),
);

export const trimmed: Phase = {
  name: 'trimmed',
  what: 'the bus of a machine is held back or its host service stopped for 1.2 s, and the stream trimmed, or made anew with smaller ids',
  play: async (scene) => {
    const { fleet, plan, deeds } = scene;
    for (let round = 0; round < 2 * plan.rounds; round++) {
      const [hold, lose] = COMBINATIONS[round % COMBINATIONS.length] ?? [];
      const machine = round % 2 === 0 ? fleet.machines.b : fleet.machines.a;
      if (hold === undefined || lose === undefined) throw new Error('no combination');
      await fleet.write(plan.everyMs);
      await hold.hold(scene, machine);
      await sleep(HELD_MS);
      await fleet.rest();
      await lose(scene);
      deeds.trims++;
      hold.release(scene, machine);
      await quiet(scene);
    }
  },
};
