import { join } from 'node:path';
import type { Child } from '../processes/child.ts';
import type { Family } from '../processes/family.ts';
import { COMPOSITIONS } from './composition.ts';
import type { Composition } from './composition.ts';
import type { PlayerCalls } from './player-child.ts';
import type { OutageSabotage } from './sabotage.ts';

/** A process under test. */
export interface Reader {
  readonly composition: Composition;
  readonly child: Child<PlayerCalls>;
}

/** The processes of a run; they live through all its outages, each with new caches. */
export interface Troupe {
  readonly readers: readonly Reader[];
  /** A process of another machine. */
  readonly machine: Child<PlayerCalls>;
  /** One that starts when the outage is over. */
  readonly newcomer: Child<PlayerCalls>;
  /** Gives a process new caches. */
  readonly open: (child: Child<PlayerCalls>, plan: OpenPlan) => Promise<void>;
}

/** @see Troupe.open */
export interface OpenPlan {
  readonly url: string;
  readonly composition: Composition;
  /** Of this state, and of this process in it. */
  readonly folder: string;
  readonly source: string;
}

export async function startTroupe(family: Family, sabotage: OutageSabotage | undefined): Promise<Troupe> {
  const start = (role: string): Promise<Child<PlayerCalls>> =>
    family.start<PlayerCalls>(role, { from: import.meta.url, file: 'player-child' });
  const [machine, newcomer, ...children] = await Promise.all([
    start('other machine'),
    start('newcomer'),
    ...COMPOSITIONS.map((composition) => start(`reader, ${composition}`)),
  ]);
  return {
    readers: COMPOSITIONS.flatMap((composition, index) => {
      const child = children[index];
      return child === undefined ? [] : [{ composition, child }];
    }),
    machine,
    newcomer,
    open: (child, { url, composition, folder, source }) => {
      const isTested = child !== machine && child !== newcomer;
      const isSabotaged = isTested || sabotage === 'old-snapshot' || sabotage === 'no-stamps';
      const directory = join(folder, `${composition}-${child.pid}`);
      return child.ask('open', { url, composition, directory, source, sabotage: isSabotaged ? sabotage : undefined });
    },
  };
}
