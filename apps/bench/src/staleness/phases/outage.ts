import { setTimeout as sleep } from 'node:timers/promises';
import type { Machine, Member } from '../fleet.ts';
import { blackhole, heal, quiet } from '../scene.ts';
import type { Phase, Scene } from '../scene.ts';
import { CACHES, COMMON, keysOf } from '../stage.ts';
import type { Kind, Strike } from '../strike.ts';

const BEFORE_MS = 500;
const AFTER_DEATH_MS = 500;

/** What keeps the callers from the cluster. @returns what ends it. */
const OUTAGES: readonly ((scene: Scene, machine: Machine) => Promise<() => void>)[] = [
  async (_, { serviceRoute, members }) => {
    const routes = [serviceRoute, ...members.map(({ route }) => route)];
    routes.forEach(blackhole);
    return () => routes.forEach(heal);
  },
  async ({ fleet }) => {
    const { routes } = fleet;
    for (const { line } of routes) line.cut();
    await fleet.redis.pause();
    return () => {
      for (const { line } of routes) line.mend();
      fleet.redis.resume();
    };
  },
];

export const outage: Phase = {
  name: 'outage',
  what: 'a machine is cut off, or Redis hangs; a process invalidates, is told that it is pending, and is killed (SIGKILL)',
  play: async (scene) => {
    const { fleet, plan, deeds } = scene;
    for (let round = 0; round < plan.rounds; round++) {
      const begin = OUTAGES[round % OUTAGES.length];
      const machine = fleet.all[round % fleet.all.length];
      const [victim, survivor] = machine?.members ?? [];
      if (begin === undefined || machine === undefined || victim === undefined || survivor === undefined)
        throw new Error('nobody to kill');
      await fleet.write(plan.everyMs);
      await sleep(BEFORE_MS);
      const end = await begin(scene, machine);
      await fleet.rest();
      const [strikes, others] = await Promise.all([victim, survivor].map((member, index) => strikeAll(member, index)));
      scene.legacies.push(
        { member: victim, report: await victim.child.ask('report', {}), strikes: strikes ?? [], isLast: true },
        { member: survivor, report: await survivor.child.ask('report', {}), strikes: others ?? [], isLast: false },
      );
      await fleet.kill(victim);
      deeds.callersKilled++;
      await sleep(AFTER_DEATH_MS);
      end();
      await quiet(scene);
      await fleet.replace(victim);
    }
  },
};

/** Two keys of its own cache, and a tag of the one that all share. */
function strikeAll({ place, child }: Member, tag: number): Promise<Strike[]> {
  const [first = 0, second = 0] = keysOf(CACHES.indexOf(`of-${place}`));
  const common = keysOf(COMMON)[tag] ?? 0;
  const all: { kind: Kind; key: number }[] = [
    { kind: 'delete', key: first },
    { kind: 'set', key: second },
    { kind: 'tags', key: common },
  ];
  return Promise.all(all.map((each) => child.ask('strike', each)));
}
