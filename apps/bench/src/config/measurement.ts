import { RedisServer } from '@warmline/cache-redis/testing';
import type { Effort } from '../effort.ts';
import type { Family } from '../processes/family.ts';
import type { Progress } from '../progress.ts';
import { ConvexProcess } from './convex-process.ts';
import type { ConfigEffort, PartName } from './efforts.ts';
import { EFFORT, SHOWN_BY } from './efforts.ts';
import type { HitsAnswer, HitsCalls } from './hits-calls.ts';
import type { CutResult } from './part-cut.ts';
import { cutFeeds } from './part-cut.ts';
import type { DownResult } from './part-down.ts';
import { callsWhileDown } from './part-down.ts';
import type { MigrationResult } from './part-migration.ts';
import { migrate } from './part-migration.ts';
import type { Sharing, StartRound } from './part-start.ts';
import { startTogether } from './part-start.ts';
import type { Timeline } from './part-timeline.ts';
import { followUpdate } from './part-timeline.ts';
import type { UpdateResult } from './part-update.ts';
import { updateWhileRead } from './part-update.ts';
import type { ConfigSabotage } from './sabotage.ts';
import { compiledIn, Stage } from './stage.ts';

/** How long everything travels to or from Convex, one way. */
export const DELAY_MS = 60;

/** All that the scenario has measured. */
export interface ConfigMeasurement {
  readonly starts: readonly StartRound[];
  readonly hits: HitsAnswer | undefined;
  readonly updates: readonly UpdateResult[];
  readonly timeline: Timeline | undefined;
  readonly cuts: readonly CutResult[];
  readonly downs: readonly DownResult[];
  readonly migration: MigrationResult | undefined;
  /** From the opening of the host services until both vouched for hearing. */
  readonly liveAfterMs: readonly number[];
  readonly directories: readonly string[];
  readonly convexPid: number;
  readonly redisPid: number;
}

/** @see measureConfig */
export interface ConfigOptions {
  readonly effort: Effort;
  readonly sabotage: ConfigSabotage | undefined;
  readonly folder: string;
  readonly family: Family;
  readonly progress: Progress;
}

/** Part after part, with the same processes. */
export async function measureConfig(options: ConfigOptions): Promise<ConfigMeasurement> {
  const { effort, sabotage, folder, family, progress } = options;
  const plan = EFFORT[effort];
  progress.update('config · processes start');
  await using ends = new AsyncDisposableStack();
  const [convex, redis, stage] = await Promise.all([
    ConvexProcess.start({ delayMs: DELAY_MS }),
    RedisServer.start(),
    Stage.start({ family, folder, processesEach: plan.processesEach, sabotage }),
  ]);
  ends.use(convex);
  ends.use(redis);
  const play = new Play(options, plan, { convex, redis, stage });
  for (const sharing of (['host', 'redis'] as const).slice(0, plan.sharings)) await play.together(sharing);
  await play.apart();
  await play.down();
  const { starts, hits, updates, timeline, cuts, downs, migration } = play;
  return {
    starts,
    hits,
    updates,
    timeline,
    cuts,
    downs,
    migration,
    liveAfterMs: stage.liveAfterMs,
    directories: [...stage.directories],
    convexPid: convex.pid,
    redisPid: redis.pid,
  };
}

interface Props {
  readonly convex: ConvexProcess;
  readonly redis: RedisServer;
  readonly stage: Stage;
}

/** The parts of a run that are to be played, and what they have found. */
class Play {
  readonly starts: StartRound[] = [];
  readonly updates: UpdateResult[] = [];
  readonly downs: DownResult[] = [];
  cuts: readonly CutResult[] = [];
  hits: HitsAnswer | undefined;
  timeline: Timeline | undefined;
  migration: MigrationResult | undefined;
  readonly #options: ConfigOptions;
  readonly #plan: ConfigEffort;
  readonly #set: Props;

  constructor(options: ConfigOptions, plan: ConfigEffort, set: Props) {
    this.#options = options;
    this.#plan = plan;
    this.#set = set;
  }

  /** What is done with a Redis and without. */
  async together(sharing: Sharing): Promise<void> {
    const { startRounds, clientsEach, update } = this.#plan;
    const { convex, redis, stage } = this.#set;
    const url = sharing === 'redis' ? redis.url : undefined;
    if (this.#plays('start')) {
      for (let round = 1; round <= startRounds; round++) {
        this.#tell(`start, ${sharing}, round ${round} of ${startRounds}`);
        const name = `start-${sharing}-${round}`;
        this.starts.push(await startTogether(stage, convex, { name, clientsEach, redis: url }));
      }
    }
    if (this.#plays('update')) {
      this.#tell(`updates, ${sharing}`);
      // After a start everybody is where he should be.
      if (!this.#plays('start')) await stage.set({ name: `update-${sharing}`, convex, redis: url });
      this.updates.push(await updateWhileRead(stage, convex, sharing, update));
      if (sharing === 'host' && this.#options.sabotage === undefined) {
        this.timeline = await followUpdate(stage, convex);
      }
    }
    if (sharing === 'host' && this.#plays('hits')) this.hits = await this.#timeHits();
  }

  /** Where time is in seconds, and most of it is waiting: the migration, of which none is measured, goes on beside. */
  async apart(): Promise<void> {
    const { family, folder, sabotage } = this.#options;
    this.#tell('feeds cut, agents migrated');
    const skipsRebuild = sabotage === 'no-rebuild';
    const { seeds } = this.#plan;
    [this.cuts, this.migration] = await Promise.all([
      this.#plays('cut') ? this.#cut() : [],
      this.#plays('migration') ? migrate({ family, folder, seeds, delayMs: DELAY_MS, skipsRebuild }) : undefined,
    ]);
  }

  async down(): Promise<void> {
    if (!this.#plays('down')) return;
    const { stage, redis } = this.#set;
    const { callsEach, downCases } = this.#plan;
    for (const downCase of downCases) {
      this.#tell(`Convex ${downCase.name}`);
      const name = `down-${downCase.name}-${downCase.withRedis ? 'redis' : 'host'}`;
      const url = downCase.withRedis ? redis.url : undefined;
      this.downs.push(await callsWhileDown(stage, { name, downCase, callsEach, delayMs: DELAY_MS, redis: url }));
    }
  }

  /** In a process of its own, on machine a as it is. */
  async #timeHits(): Promise<HitsAnswer> {
    const { stage } = this.#set;
    this.#tell('hits');
    const args = [compiledIn(this.#options.folder)];
    const from = { from: import.meta.url, file: 'hits-child', args };
    const child = await this.#options.family.start<HitsCalls>('hits', from);
    await child.ask('open', stage.placeOf('a'));
    const hits = await child.ask('hits', { agentIds: stage.agentIds, ...this.#plan.hits });
    await child.close();
    return hits;
  }

  async #cut(): Promise<CutResult[]> {
    const { convex, stage } = this.#set;
    const results: CutResult[] = [];
    for (let round = 1; round <= this.#plan.cutRounds; round++) {
      results.push(...(await cutFeeds(stage, convex, { name: `cut-${round}`, ...this.#plan.cut })));
    }
    return results;
  }

  #plays(part: PartName): boolean {
    const { sabotage } = this.#options;
    return sabotage === undefined || SHOWN_BY[sabotage] === part;
  }

  #tell(text: string): void {
    this.#options.progress.update(`config · ${text}`);
  }
}
