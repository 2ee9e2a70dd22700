import { FakeClock, Schedule, seededRandom } from '@warmline/cache-core/testing';
import { Cast } from './cast.ts';
import type { Cell } from './cells.ts';
import type { Coverage } from './coverage.ts';
import { Judge } from './judge.ts';
import type { StaleRead } from './judge.ts';
import { Stragglers } from './stragglers.ts';
import type { Copy } from './truth.ts';
import { MACHINE_MS, Truth } from './truth.ts';
import type { CreateCache, Settings } from './world.ts';
import { KEY, settled, TTL_MS, World } from './world.ts';
import type { Stage } from './watched-tier.ts';

/** What became of one schedule. */
export interface Played {
  readonly steps: readonly string[];
  readonly stale: readonly StaleRead[];
  readonly failures: readonly unknown[];
  /** Somebody has waited for ever. */
  readonly hung: boolean;
  /** Invalidations that were repeated and never arrived. */
  readonly unacknowledged: number;
}

/** The schedule draws from a generator of its own, so that who takes part and in which order are independent. */
const ORDER = 0x9e37_79b9;
const LEASE_MS = 100;
const HARD_TIMEOUT_MS = 40;
const LOAD_MS = 10;

/** Plays one schedule of a cell; the seed determines everything. */
export async function play(cell: Cell, seed: number, createCache: CreateCache, coverage: Coverage): Promise<Played> {
  const random = seededRandom(seed);
  const schedule = new Schedule({ seed: (seed ^ ORDER) >>> 0 });
  const stage: Stage = { clock: new FakeClock(), schedule, coverage, random, stragglers: new Stragglers() };
  const settings: Settings = {
    leaseMs: cell.levels > 1 && random() < 0.4 ? LEASE_MS : 0,
    hardTimeoutMs: random() < 0.15 ? HARD_TIMEOUT_MS : Number.POSITIVE_INFINITY,
    duplicates: random() < 0.3 ? 0.5 : 0,
  };
  const truth = new Truth(cell.levels - 1);
  const world = new World(cell, stage, truth, settings, createCache);
  await world.populate();
  await setUp(world);
  const judge = new Judge(world, random() < (settings.leaseMs > 0 ? 0.3 : 0.05), random() < 0.15);
  stage.stragglers.start(random);
  let acting = 0;
  const actors = new Cast(world, judge, settings.hardTimeoutMs).actors.map((actor) => () => {
    acting++;
    return actor().finally(() => acting--);
  });
  const isBusy = (): boolean => acting > 0 || judge.loading > 0 || truth.unacknowledged > 0;
  const ended = await schedule.run(actors, { onIdle: patience(stage, judge, isBusy) });
  judge.resume();
  const looked = await inTime(stage, lookEverywhere(world, judge));
  coverage.pending += truth.ops.filter((op) => op.wasPending).length;
  for (const { cache } of world.parties) coverage.add('refreshes', cache.stats().refreshes);
  const closed = await inTime(stage, world.close());
  return {
    steps: schedule.trace,
    stale: judge.stale,
    failures: judge.failures,
    hung: !ended || !looked || !closed,
    unacknowledged: truth.unacknowledged,
  };
}

/** Brings the value to where this kind of load finds it. */
async function setUp(world: World): Promise<void> {
  const { cell, stage } = world;
  const { clock, random } = stage;
  const load = async (): Promise<Copy> => {
    await clock.advance(LOAD_MS);
    return { version: 0 };
  };
  if (cell.load === 'promotion') {
    const seeder = world.openSeeder();
    await seeder.cache.getOrLoad(KEY, load);
    await settled();
    await seeder.cache.close();
  } else if (cell.load !== 'foreground load') {
    for (const { name, cache } of world.parties) {
      if (name !== 'A' && random() < 0.3) continue;
      await cache.getOrLoad(KEY, load);
      // A hit may be refreshed early at once, and that takes its time.
      for (let turn = 0; turn < 8; turn++) await settled();
    }
  }
  if (cell.load === 'background refresh' || cell.load === 'after soft timeout') await clock.advance(TTL_MS + 1);
  await settled();
}

/**
 * What happens when no step waits. Time passes, for timeouts, leases and repeated invalidations; a load that has stopped
 * goes on when others have had the time to outlast its lease. Then a little more time, for what nobody waits for.
 */
function patience(stage: Stage, judge: Judge, isBusy: () => boolean): () => Promise<boolean> {
  const stridesMs = [...Array.from({ length: 15 }, () => 20), 0, ...Array.from({ length: 15 }, () => 20)];
  const farMs = [500, 500, 1000, 5000, 5000, 5000, 10_000];
  const waits = [...stridesMs, ...farMs];
  let leftAlone = 2;
  return async () => {
    if (stage.stragglers.release()) return true;
    const strideMs = isBusy() ? waits.shift() : leftAlone-- > 0 ? 10 : undefined;
    if (strideMs === undefined) return false;
    if (strideMs === 0) judge.resume();
    await stage.clock.advance(strideMs);
    return true;
  };
}

/** No tier serves anything older later on: not to those who took part, nor to a process or a machine that comes now. */
async function lookEverywhere(world: World, judge: Judge): Promise<void> {
  const { levels } = world.cell;
  await world.stage.clock.advance(MACHINE_MS);
  if (levels > 1 && world.hasHosts) world.parties.push(world.openParty('N'));
  const newcomer = world.openNewcomer('M');
  if (newcomer !== undefined) world.parties.push(newcomer);
  await settled();
  for (const party of world.parties) {
    for (const kind of ['peek', 'get', 'getOrLoad', 'peek'] as const) await judge.compare(party, kind);
  }
}

/** Lets time pass until the work has ended. @returns whether it has, within a minute. */
async function inTime(stage: Stage, work: Promise<void>): Promise<boolean> {
  let ended = false;
  const end = work.then(() => (ended = true));
  await settled();
  for (let ms = 0; !ended && ms < 60_000; ms += ms < 1000 ? 20 : 1000) await stage.clock.advance(ms < 1000 ? 20 : 1000);
  if (ended) await end;
  return ended;
}
