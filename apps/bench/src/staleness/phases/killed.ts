import { setTimeout as sleep } from 'node:timers/promises';
import type { Route } from '../fleet.ts';
import { blackhole, heal, quiet } from '../scene.ts';
import type { Phase, Scene } from '../scene.ts';

const [MIN_GAP_MS, MAX_GAP_MS] = [60, 260];
/** Of the kills: the others are those of readers and writers, who publish. */
const BUS_SHARE = 0.7;
/** Of the kills: the others are resets. */
const HALF_CLOSED_SHARE = 0.15;
/** Longer than the reader of a stream waits for an answer. */
const BLACKHOLE_MS = 2_500;

export const killed: Phase = {
  name: 'killed',
  what: 'connections reset and half closed again and again; now and then one that passes nothing for 2.5 s',
  play: async (scene) => {
    const { fleet, plan } = scene;
    for (let volley = 0; volley < plan.volleys; volley++) {
      await fleet.write(plan.everyMs);
      for (let count = 0; count < plan.killsAVolley; count++) {
        kill(scene, chosen(scene));
        await sleep(MIN_GAP_MS + Math.random() * (MAX_GAP_MS - MIN_GAP_MS));
      }
      const dark = volley % 2 === 1 ? fleet.machines.b.serviceRoute : fleet.machines.a.serviceRoute;
      if (volley > 0) await darken(scene, dark);
      // What is under way now is what a reconnection finds.
      for (const { serviceRoute } of fleet.all) kill(scene, serviceRoute);
      await fleet.rest();
      await quiet(scene);
    }
  },
};

function chosen({ fleet }: Scene): Route {
  const machine = Math.random() < 0.5 ? fleet.machines.a : fleet.machines.b;
  const member = machine.members[Math.floor(Math.random() * machine.members.length)];
  return member === undefined || Math.random() < BUS_SHARE ? machine.serviceRoute : member.route;
}

function kill({ deeds, fleet }: Scene, { proxy, line }: Route): void {
  const isBus = fleet.all.some(({ serviceRoute }) => serviceRoute.line === line);
  if (isBus && proxy.connections > 0) deeds.busKills++;
  line.cut();
  if (Math.random() < HALF_CLOSED_SHARE) proxy.halfClose(Math.random() < 0.5 ? 'server' : 'client');
  else proxy.reset();
  line.lose();
}

async function darken({ deeds }: Scene, route: Route): Promise<void> {
  deeds.blackholes++;
  blackhole(route);
  await sleep(BLACKHOLE_MS);
  heal(route);
}
