import { effortOf } from '../effort.ts';
import { Family, processTable } from '../processes/family.ts';
import { openTier } from '../processes/open-tier.ts';
import { withScratch } from '../processes/scratch.ts';
import type { Scenario, ScenarioContext, ScenarioResult } from '../scenario.ts';
import { runCampaign } from './campaign.ts';
import { checksOf } from './checks.ts';
import { metricsOf, sectionsOf } from './report.ts';
import { STAGE, tierOptions } from './stage.ts';

const EFFORT = {
  quick: { kills: 30, workers: 4, valuesCompared: 1_000 },
  normal: { kills: 200, workers: 5, valuesCompared: 10_000 },
  /** Enough to be noticed. */
  sabotaged: { kills: 12, workers: 4, valuesCompared: 500 },
  full: { kills: 1_000, workers: 6, valuesCompared: 100_000 },
} as const;

/** Processes die in the middle of everything: do the others ever see half of it, or wait for what is gone? */
export const crash: Scenario = {
  name: 'crash',
  summary: 'processes that share a host tier are killed under load, and replaced; every value that is read is verified',
  byDefault: false,
  sabotages: ['flip-byte', 'swap', 'hang', 'lost-lease', 'unbounded'],
  run: (context) => withScratch('crash', (folder) => run(context, folder)),
};

async function run(context: ScenarioContext, folder: string): Promise<ScenarioResult> {
  const { sabotage, progress } = context;
  const { kills, workers, valuesCompared } = EFFORT[effortOf(context)];
  const family = new Family();
  const tier = openTier(folder, tierOptions(sabotage === 'unbounded'));
  try {
    const { directory } = tier;
    const campaign = await runCampaign({ tier, folder, kills, workers, sabotage, family, progress });
    const pids = family.pids();
    return {
      overrides: {
        max_bytes: STAGE.maxBytes,
        process_max_bytes: STAGE.processBytes,
        lease_ms: STAGE.leaseMs,
        permits: STAGE.permits,
      },
      processes: { bench: process.pid, ...pids, directory },
      metrics: metricsOf(campaign),
      checks: checksOf(campaign, { kills, valuesCompared }),
      sections: [
        ...sectionsOf(campaign),
        { title: 'Processes of one host', body: processTable(pids, { 'of the host tier': directory }) },
      ],
    };
  } finally {
    await family.close();
    await tier.close();
  }
}
