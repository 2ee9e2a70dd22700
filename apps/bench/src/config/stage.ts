import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Child } from '../processes/child.ts';
import type { Family } from '../processes/family.ts';
import { monotonicMs } from '../processes/monotonic.ts';
import type { CallCalls } from './call-calls.ts';
import type { ConvexProcess } from './convex-process.ts';
import { SECRET } from './convex-process.ts';
import type { HostCalls } from './host-calls.ts';
import type { Place } from './place.ts';
import type { ConfigSabotage } from './sabotage.ts';
import type { UpdaterCalls } from './updater-child.ts';

export const MACHINES = ['a', 'b'] as const;
export type MachineName = (typeof MACHINES)[number];

/** A directory, its host service, and the processes with calls on it. */
export interface Machine {
  readonly name: MachineName;
  readonly host: Child<HostCalls>;
  readonly calls: readonly Child<CallCalls>[];
}

/** How a stage is set. */
export interface Setting {
  /** Nothing of another setting is found: caches are cold. */
  readonly name: string;
  readonly convex: ConvexProcess;
  /** URL of the Redis that the machines share. @default none */
  readonly redis?: string | undefined;
  /** Where a machine hears of updates. @default Convex itself */
  readonly feedUrls?: Readonly<Record<MachineName, string>>;
}

/** @see Stage.start */
export interface StageOptions {
  readonly family: Family;
  readonly folder: string;
  readonly processesEach: number;
  readonly sabotage: ConfigSabotage | undefined;
}

const LIVE_PATIENCE_MS = 10_000;
const LOOK_MS = 10;
const FROM = import.meta.url;

/** Two machines and who updates agents; set anew for each part, with the same processes. */
export class Stage {
  readonly machines: readonly Machine[];
  readonly updater: Child<UpdaterCalls>;
  readonly directories: Set<string> = new Set();
  /** From the opening of the host services until both vouch for hearing, each time. */
  readonly liveAfterMs: number[] = [];
  agentIds: readonly string[] = [];
  readonly #options: StageOptions;
  #setting: Setting | undefined;

  private constructor(options: StageOptions, machines: readonly Machine[], updater: Child<UpdaterCalls>) {
    this.#options = options;
    this.machines = machines;
    this.updater = updater;
  }

  static async start(options: StageOptions): Promise<Stage> {
    const { family, folder, processesEach } = options;
    const args = [compiledIn(folder)];
    const startHost = (name: MachineName): Promise<Child<HostCalls>> =>
      family.start<HostCalls>(`host service ${name}`, { from: FROM, file: 'host-child', args });
    // What the first one has compiled the others need not.
    const first = await startHost('a');
    const updater = family.start<UpdaterCalls>('updater', { from: FROM, file: 'updater-child' });
    const machines = await Promise.all(
      MACHINES.map(async (name) => {
        const calls = family.startMany<CallCalls>(processesEach, `calls ${name}`, {
          from: FROM,
          file: 'call-child',
          args,
        });
        return { name, host: name === 'a' ? first : await startHost(name), calls: await calls };
      }),
    );
    return new Stage(options, machines, await updater);
  }

  get calls(): readonly Child<CallCalls>[] {
    return this.machines.flatMap(({ calls }) => calls);
  }

  /** Opens all processes anew, with cold caches, and waits until both machines hear of updates. */
  async set(setting: Setting): Promise<void> {
    this.#setting = setting;
    const { convex, feedUrls } = setting;
    const startedMs = monotonicMs();
    const [agentIds] = await Promise.all([
      this.updater.ask('open', { url: convex.url, secret: SECRET }),
      ...this.machines.map(async ({ name, host, calls }) => {
        const place = this.placeOf(name);
        // Processes with calls find a machine that has a host service.
        const { directory } = await host.ask('open', { ...place, feedUrl: feedUrls?.[name] ?? convex.url });
        this.directories.add(directory);
        await Promise.all(calls.map((child) => child.ask('open', place)));
      }),
    ]);
    this.agentIds = agentIds;
    if (this.#options.sabotage === 'no-watch') return;
    await this.untilLive();
    this.liveAfterMs.push(monotonicMs() - startedMs);
  }

  /** Everybody has every agent. */
  async warm(): Promise<void> {
    await Promise.all(this.calls.map((child) => child.ask('warm', { agentIds: this.agentIds })));
  }

  /** @throws Error when a machine does not hear of updates for a long time. */
  async untilLive(): Promise<void> {
    const endMs = monotonicMs() + LIVE_PATIENCE_MS;
    for (const { name, host } of this.machines) {
      while (!(await host.ask('isLive', {}))) {
        if (monotonicMs() > endMs)
          throw new Error(`machine ${name} does not hear of updates after ${LIVE_PATIENCE_MS} ms`);
        await sleep(LOOK_MS);
      }
    }
  }

  /** Processes that did not exist before, on a machine as it is now. */
  async newcomers(count: number, name: MachineName, role: string): Promise<Child<CallCalls>[]> {
    const { family, folder } = this.#options;
    const options = { from: FROM, file: 'call-child', args: [compiledIn(folder)] };
    const children = await family.startMany<CallCalls>(count, role, options);
    await Promise.all(children.map((child) => child.ask('open', this.placeOf(name))));
    return children;
  }

  /** Where the processes of a machine find everything now. */
  placeOf(name: MachineName): Place {
    if (this.#setting === undefined) throw new Error('nothing is set');
    const { convex, redis = '', name: scope } = this.#setting;
    const { folder, sabotage } = this.#options;
    return { url: convex.url, secret: SECRET, directory: join(folder, `${scope}-${name}`), scope, redis, sabotage };
  }
}

/** For compiled code, which all processes of a run share. */
export function compiledIn(folder: string): string {
  return join(folder, 'compiled');
}
