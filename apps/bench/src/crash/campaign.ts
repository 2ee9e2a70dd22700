import { setTimeout as sleep } from 'node:timers/promises';
import { bytesCodec, createCache } from '@warmline/cache-core';
import type { HostTier } from '@warmline/cache-lmdb';
import { addUp } from '../add-up.ts';
import type { Family } from '../processes/family.ts';
import { monotonicMs } from '../processes/monotonic.ts';
import type { Progress } from '../progress.ts';
import type { AuditorCalls, FileSize } from './auditor-child.ts';
import type { Counts } from './counters.ts';
import { noCounts } from './counters.ts';
import type { Worker } from './crew.ts';
import { Crew } from './crew.ts';
import { refOf, STAGE } from './stage.ts';
import type { State } from './state-file.ts';
import { isInside, readState } from './state-file.ts';
import { newValue } from './values.ts';
import type { Loss } from './witness.ts';
import { probe } from './witness.ts';

/** One process that was killed. */
export interface Kill {
  readonly pid: number;
  readonly state: State;
  readonly loss: Loss;
}

/** Frames that were damaged in the file, and what another process was served of them. */
export interface Damage {
  damaged: number;
  served: number;
  /** Not there any more: evicted meanwhile. */
  absent: number;
}

export interface Campaign {
  readonly kills: readonly Kill[];
  readonly counts: Counts;
  readonly damage: Damage;
  readonly sizes: readonly FileSize[];
  /** Workers that did not end when they were told to. */
  readonly unended: number;
  /** Why workers had no host tier, each time. */
  readonly unopened: readonly string[];
  readonly permits: { readonly held: number; readonly peak: number };
  readonly keeperLostMs: readonly number[];
  readonly workers: number;
}

/** @see runCampaign */
export interface CampaignOptions {
  readonly tier: HostTier;
  readonly folder: string;
  readonly kills: number;
  readonly workers: number;
  readonly sabotage: string | undefined;
  readonly family: Family;
  readonly progress: Progress;
}

const MAX_GAP_MS = 250;
/** Of the kills: the others come at any moment. */
const AIMED_SHARE = 0.8;
const AIM_MS = 200;
/** Every so many kills it is the keeper's turn. */
const KEEPER_EVERY = 4;
const DAMAGED_A_KILL = 2;
const DAMAGE_SHOWS_MS = 10;
const END_LIMIT_MS = 30_000;

/** Kills workers and replaces them, while they and the others go on. The first one survives all. */
export async function runCampaign(options: CampaignOptions): Promise<Campaign> {
  const { tier, folder, family, sabotage, progress } = options;
  const crew = new Crew(folder, family, sabotage);
  const auditor = await family.start<AuditorCalls>('auditor', { from: import.meta.url, file: 'auditor-child' });
  await auditor.ask('open', { directory: tier.directory });
  const cache = createCache<Uint8Array>({ name: STAGE.cacheName, codec: bytesCodec, tiers: [tier] });
  const places = Array.from({ length: options.workers }, (_, place) => place);
  const workers = await Promise.all(places.map((place) => crew.hire(place, place === 0)));
  const [kills, sizes] = [[] as Kill[], [] as FileSize[]];
  const damage: Damage = { damaged: 0, served: 0, absent: 0 };
  while (kills.length < options.kills) {
    progress.update(`crash · ${kills.length + 1} of ${options.kills} kills`);
    await sleep(Math.random() * MAX_GAP_MS);
    const victim = choose(workers.slice(1), kills.length % KEEPER_EVERY === KEEPER_EVERY - 1);
    const { place } = victim;
    if (Math.random() < AIMED_SHARE) await aim(victim);
    const dead = await crew.kill(victim);
    const isStolen = sabotage === 'lost-lease' && kills.length === 0;
    // The next one in this place wants the dead one's permit, too.
    kills.push({ pid: dead.pid, state: dead.state, loss: await probe(tier, dead, isStolen) });
    workers[place] = await crew.hire(place);
    sizes.push(await auditor.ask('size', {}));
    for (let count = 0; count < DAMAGED_A_KILL; count++) {
      const key = `damaged ${damage.damaged + damage.absent}`;
      await cache.set(key, newValue(key));
      const isThere = await auditor.ask('damage', { physicalKey: refOf(key).key });
      damage[isThere ? 'damaged' : 'absent']++;
      // A view of the file may be older than the damage by a few milliseconds.
      await sleep(DAMAGE_SHOWS_MS);
      const looked = await workers[count % workers.length]?.child.ask('look', { key });
      if (isThere && looked !== 'missing') damage.served++;
    }
  }
  progress.update('crash · the survivors end');
  const ended = await Promise.all(workers.map((worker) => crew.finish(worker, END_LIMIT_MS)));
  await cache.close();
  return {
    kills,
    counts: addUp(noCounts(), crew.counts),
    damage,
    sizes,
    unended: ended.filter((counts) => counts === undefined).length,
    unopened: crew.unopened,
    permits: { held: crew.permits.size, peak: crew.permits.peak() },
    keeperLostMs: crew.keeperLostMs,
    workers: options.workers + options.kills,
  };
}

/** Anybody, or the keeper of the machine if there is one just now. */
function choose(workers: readonly Worker[], wantsKeeper: boolean): Worker {
  const keeper = wantsKeeper ? workers.find(({ stateFile }) => readState(stateFile).keeper > 0) : undefined;
  const chosen = keeper ?? workers[Math.floor(Math.random() * workers.length)];
  if (chosen === undefined) throw new Error('there is nobody to kill');
  return chosen;
}

/** Waits for the moment in which its death does most harm. */
async function aim({ stateFile }: Worker): Promise<void> {
  const untilMs = monotonicMs() + AIM_MS;
  while (!isInside(readState(stateFile)) && monotonicMs() < untilMs) await sleep(1);
}
