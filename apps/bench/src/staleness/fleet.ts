import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FaultProxy, RedisServer } from '@warmline/cache-redis/testing';
import type { Child } from '../processes/child.ts';
import type { Family } from '../processes/family.ts';
import { monotonicMs } from '../processes/monotonic.ts';
import { untilStopped } from '../processes/until-stopped.ts';
import { sum } from '../sum.ts';
import type { Party } from './allowed.ts';
import { Line } from './line.ts';
import type { Signs } from './line.ts';
import type { MemberCalls, MemberReport } from './member-child.ts';
import type { ServiceCalls, ServiceReport } from './service-child.ts';
import type { SourceCalls } from './source-child.ts';
import { MACHINES, PLACES } from './stage.ts';
import type { MachineName, Place } from './stage.ts';

/** A process's way to Redis. */
export interface Route {
  readonly proxy: FaultProxy;
  readonly line: Line;
}

/** One of the processes that read and write; another takes its place when it is killed. */
export interface Member {
  readonly place: Place;
  readonly route: Route;
  readonly party: Party;
  readonly child: Child<MemberCalls>;
}

/** A machine: its host service, and the processes that read and write. */
export interface Machine {
  readonly name: MachineName;
  readonly folder: string;
  readonly directory: string;
  readonly service: Child<ServiceCalls>;
  readonly serviceRoute: Route;
  readonly members: Member[];
}

/** @see Fleet */
export interface FleetOptions {
  readonly family: Family;
  readonly folder: string;
  readonly sabotage: string | undefined;
}

const LOOK_MS = 2;
const TOUCH_MS = 20;
const LIVE_LIMIT_MS = 10_000;
const BACK_LIMIT_MS = 10_000;

/** All that takes part: Redis, the source of truth, and two machines, each process on a line of its own. */
export class Fleet {
  readonly redis: RedisServer;
  readonly machines: Readonly<Record<MachineName, Machine>>;
  /** Waits for a line that was not used again in time. */
  unconnected = 0;
  readonly #sourceUrl: string;
  readonly #options: FleetOptions;
  readonly #looking: NodeJS.Timeout;

  private constructor(
    redis: RedisServer,
    machines: Readonly<Record<MachineName, Machine>>,
    sourceUrl: string,
    options: FleetOptions,
  ) {
    this.redis = redis;
    this.machines = machines;
    this.#sourceUrl = sourceUrl;
    this.#options = options;
    this.#looking = setInterval(() => {
      for (const { line } of this.routes) line.look();
    }, LOOK_MS);
  }

  static async start(options: FleetOptions): Promise<Fleet> {
    const { family } = options;
    const redis = await RedisServer.start();
    const source = await family.start<SourceCalls>('source', { from: import.meta.url, file: 'source-child' });
    const { url } = await source.ask('listen', {});
    const [a, b] = await Promise.all(MACHINES.map((name) => startMachine(name, redis, options)));
    if (a === undefined || b === undefined) throw new Error('there are two machines');
    const fleet = new Fleet(redis, { a, b }, url, options);
    await fleet.#untilLive();
    await Promise.all(
      fleet.all.flatMap((machine) => PLACES[machine.name].map((place) => fleet.#addMember(machine, place))),
    );
    await fleet.back();
    return fleet;
  }

  get all(): readonly Machine[] {
    return MACHINES.map((name) => this.machines[name]);
  }

  get members(): readonly Member[] {
    return this.all.flatMap(({ members }) => members);
  }

  /** All ways to Redis. */
  get routes(): readonly Route[] {
    return this.all.flatMap(({ serviceRoute, members }) => [serviceRoute, ...members.map(({ route }) => route)]);
  }

  /** Processes that ended and were not killed. */
  get lost(): number {
    const services = this.all.map(({ service }) => service);
    return [...services, ...this.members.map(({ child }) => child)].filter(({ isAlive }) => !isAlive).length;
  }

  async write(everyMs: number): Promise<void> {
    await Promise.all(this.members.map(({ child }) => child.ask('write', { everyMs })));
  }

  /** Nobody invalidates any more: nothing that comes later can hide what was lost. */
  async rest(): Promise<void> {
    await Promise.all(this.members.map(({ child }) => child.ask('rest', {})));
  }

  /** Resolves when every line is used again. */
  async back(): Promise<void> {
    const untilMs = monotonicMs() + BACK_LIMIT_MS;
    while (this.routes.some(({ line }) => line.isOut) && monotonicMs() < untilMs) {
      // Who has nothing to ask is not heard of.
      const silent = this.members.filter(({ route }) => route.line.isOut);
      await Promise.all([sleep(TOUCH_MS), ...silent.map(({ child }) => child.ask('touch', {}))]);
    }
    this.unconnected += this.routes.filter(({ line }) => line.isOut).length;
  }

  async reports(): Promise<readonly { readonly member: Member; readonly report: MemberReport }[]> {
    return Promise.all(this.members.map(async (member) => ({ member, report: await member.child.ask('report', {}) })));
  }

  async serviceReports(): Promise<readonly ServiceReport[]> {
    return Promise.all(this.all.map(({ service }) => service.ask('report', {})));
  }

  /** Kills a member (kill -9); nobody takes its place yet. */
  async kill(member: Member): Promise<void> {
    member.child.kill('SIGKILL');
    await member.child.ended;
    member.party.isDead = true;
    const { members } = this.machines[member.party.machine];
    members.splice(members.indexOf(member), 1);
  }

  /** Another process in the place of one that was killed; resolves when it is connected. */
  async replace({ place, party, route }: Member): Promise<void> {
    await this.#addMember(this.machines[party.machine], place, route);
    await this.back();
  }

  /** Stops a host service (SIGSTOP), and calls its line cut. */
  async stopService({ service, serviceRoute }: Machine): Promise<void> {
    service.kill('SIGSTOP');
    await untilStopped(service.pid);
    serviceRoute.line.cut();
  }

  continueService({ service, serviceRoute }: Machine): void {
    serviceRoute.line.mend();
    service.kill('SIGCONT');
  }

  /** Ends all processes, Redis last. */
  async close(): Promise<void> {
    clearInterval(this.#looking);
    for (const { service } of this.all) service.kill('SIGCONT');
    await this.#options.family.close();
    await Promise.all(this.routes.map(({ proxy }) => proxy[Symbol.asyncDispose]()));
    await this.redis[Symbol.asyncDispose]();
  }

  async #untilLive(): Promise<void> {
    const untilMs = monotonicMs() + LIVE_LIMIT_MS;
    for (const { service } of this.all) {
      while (!(await service.ask('isLive', {}))) {
        if (monotonicMs() > untilMs) throw new Error('a host service does not hear');
        await sleep(LOOK_MS);
      }
    }
  }

  async #addMember(machine: Machine, place: Place, given?: Route): Promise<void> {
    const { family, sabotage } = this.#options;
    const route = given ?? (await routeOf(this.redis, isAnswered));
    route.line.await();
    const role = `reader and writer, machine ${machine.name}`;
    const child = await family.start<MemberCalls>(role, { from: import.meta.url, file: 'member-child' });
    const { url: redisUrl } = route.proxy;
    await child.ask('open', { place, directory: machine.folder, redisUrl, sourceUrl: this.#sourceUrl, sabotage });
    const party = {
      pid: child.pid,
      machine: machine.name,
      line: route.line,
      serviceLine: machine.serviceRoute.line,
      isDead: false,
    };
    machine.members.push({ place, route, party, child });
  }
}

async function startMachine(name: MachineName, redis: RedisServer, options: FleetOptions): Promise<Machine> {
  const { family, sabotage } = options;
  const folder = join(options.folder, `machine-${name}`);
  const serviceRoute = await routeOf(redis, readsBus);
  const role = `host service, machine ${name}`;
  const service = await family.start<ServiceCalls>(role, { from: import.meta.url, file: 'service-child' });
  const { directory } = await service.ask('open', { directory: folder, url: serviceRoute.proxy.url, sabotage });
  return { name, folder, directory, service, serviceRoute, members: [] };
}

async function routeOf(redis: RedisServer, signs: (proxy: FaultProxy) => Signs): Promise<Route> {
  const proxy = await FaultProxy.start({ port: redis.port });
  return { proxy, line: new Line(signs(proxy)) };
}

/** Whoever asks the stream for more is connected and stands where it says. */
function readsBus({ commands }: FaultProxy): Signs {
  const after = (connections: number): number =>
    sum(
      commands.byConnection
        .slice(connections)
        .map((counts) => (counts.get('XRANGE') ?? 0) + (counts.get('XREAD') ?? 0)),
    );
  return { connections: () => commands.byConnection.length, any: () => after(0), after };
}

/** Whoever is answered is connected. */
function isAnswered(proxy: FaultProxy): Signs {
  const { commands } = proxy;
  return {
    connections: () => commands.byConnection.length,
    any: () => proxy.bytes.toClient,
    after: (connections) => sum(commands.byConnection.slice(connections).flatMap((counts) => [...counts.values()])),
  };
}
