import { join } from 'node:path';
import type { Effort } from '../effort.ts';
import { effortOf } from '../effort.ts';
import { Family, processTable } from '../processes/family.ts';
import { openTier } from '../processes/open-tier.ts';
import { openRaw } from '../processes/raw-file.ts';
import { withScratch } from '../processes/scratch.ts';
import type { Scenario, ScenarioContext, ScenarioResult } from '../scenario.ts';
import { checksOf } from './checks.ts';
import { measureClusterReads } from './cluster/reads.ts';
import { measureInvalidations } from './invalidations.ts';
import { metricsOf } from './metrics.ts';
import { measureOpens } from './opens.ts';
import { measureReads } from './reads.ts';
import { sectionsOf } from './report.ts';
import { TIERS_SABOTAGES } from './sabotage.ts';
import { fill } from './stock.ts';
import { measureWrites } from './writes.ts';

/** How much is done; samples are as long in a quick run, there are fewer. */
interface Rounds {
  readonly readRounds: number;
  readonly openRounds: number;
  readonly writesEach: number;
  readonly stopRounds: number;
  readonly trials: number;
  readonly clusterRounds: number;
}

const EFFORT = {
  quick: { readRounds: 7, openRounds: 7, writesEach: 200, stopRounds: 6, trials: 200, clusterRounds: 7 },
  sabotaged: { readRounds: 5, openRounds: 5, writesEach: 50, stopRounds: 5, trials: 50, clusterRounds: 5 },
  normal: { readRounds: 15, openRounds: 15, writesEach: 500, stopRounds: 10, trials: 1_000, clusterRounds: 15 },
  full: { readRounds: 41, openRounds: 41, writesEach: 2_000, stopRounds: 30, trials: 5_000, clusterRounds: 41 },
} as const satisfies Record<Effort, Rounds>;
const READERS = 3;

/** What the tiers cost a process that shares them with others, and how fast those of a machine hear of each other. */
export const tiers: Scenario = {
  name: 'tiers',
  summary: 'the host tier, seen from a second process: reading, opening, writing, invalidating; and reading from Redis',
  byDefault: false,
  sabotages: TIERS_SABOTAGES,
  run: (context) => withScratch('tiers', (folder) => run(context, folder)),
};

async function run(context: ScenarioContext, folder: string): Promise<ScenarioResult> {
  const { sabotage, progress } = context;
  const effort = EFFORT[effortOf(context)];
  const rawDirectory = join(folder, 'raw');
  const family = new Family();
  const tier = openTier(folder);
  try {
    const { directory } = tier;
    progress.update('tiers · filling');
    const raw = openRaw(rawDirectory);
    await fill(tier, raw);
    await raw.close();
    const shared = { family, progress };
    const swap = sabotage === 'swap';
    const measurement = {
      reads: await measureReads({ ...shared, directory: folder, rawDirectory, rounds: effort.readRounds, swap }),
      opens: await measureOpens(tier, folder, effort.openRounds, progress),
      writes: await measureWrites({ ...shared, folder, directory, each: effort.writesEach, rounds: effort.stopRounds }),
      invalidations: await measureInvalidations({
        ...shared,
        tier,
        directory: folder,
        trials: effort.trials,
        readers: READERS,
        ignoresJournal: sabotage === 'no-journal',
      }),
      cluster: await measureClusterReads({ ...shared, rounds: effort.clusterRounds }),
    };
    const pids = { ...family.pids(), 'fresh processes': measurement.opens.pids.join(' ') };
    const directories = { 'of the host tier': directory, 'of raw lmdb': rawDirectory };
    return {
      overrides: {},
      processes: { bench: process.pid, ...pids, directory },
      metrics: metricsOf(measurement),
      checks: checksOf(measurement, effort.trials),
      sections: [...sectionsOf(measurement), { title: 'Processes of one host', body: processTable(pids, directories) }],
    };
  } finally {
    await family.close();
    await tier.close();
  }
}
