import type { Effort } from '../effort.ts';
import { effortOf } from '../effort.ts';
import { Family, processTable } from '../processes/family.ts';
import { withScratch } from '../processes/scratch.ts';
import type { Scenario, ScenarioContext, ScenarioResult } from '../scenario.ts';
import { runCampaign } from './campaign.ts';
import { checksOf } from './checks.ts';
import type { Wanted } from './checks.ts';
import { calm } from './phases/calm.ts';
import { full } from './phases/full.ts';
import { killed } from './phases/killed.ts';
import { outage } from './phases/outage.ts';
import { snapshot } from './phases/snapshot.ts';
import { stopped } from './phases/stopped.ts';
import { trimmed } from './phases/trimmed.ts';
import { metricsOf, sectionsOf } from './report.ts';
import { STALENESS_SABOTAGES } from './sabotage.ts';
import type { Phase, Plan } from './scene.ts';

const EFFORT = {
  quick: {
    plan: { everyMs: 50, calmMs: 2_000, volleys: 1, killsAVolley: 20, rounds: 1 },
    wanted: { invalidations: 250, readsCompared: 10_000, busKills: 10 },
  },
  /** Enough to be noticed. */
  sabotaged: {
    plan: { everyMs: 50, calmMs: 1_000, volleys: 1, killsAVolley: 10, rounds: 1 },
    wanted: { invalidations: 50, readsCompared: 1_000, busKills: undefined },
  },
  normal: {
    plan: { everyMs: 35, calmMs: 20_000, volleys: 8, killsAVolley: 25, rounds: 5 },
    wanted: { invalidations: 5_000, readsCompared: 100_000, busKills: 100 },
  },
  full: {
    plan: { everyMs: 40, calmMs: 120_000, volleys: 40, killsAVolley: 25, rounds: 20 },
    wanted: { invalidations: 25_000, readsCompared: 1_000_000, busKills: 500 },
  },
} as const satisfies Record<Effort, { readonly plan: Plan; readonly wanted: Wanted }>;

const ALL: readonly Phase[] = [calm, killed, stopped, trimmed, full, outage, snapshot];
/** What shows it. */
const SABOTAGED: Readonly<Record<string, readonly Phase[]>> = {
  'no-anchor-check': [calm, trimmed],
  'no-dead-man': [calm, stopped],
  'no-outbox': [calm, outage],
};

/** Two machines invalidate and read while connections, processes, the stream and Redis fail: is anything served that is too old? */
export const staleness: Scenario = {
  name: 'staleness',
  summary:
    'four processes on two machines invalidate and read through every fault of the bus; each read is compared with the truth',
  byDefault: false,
  sabotages: STALENESS_SABOTAGES,
  run: (context) => withScratch('staleness', (folder) => run(context, folder)),
};

async function run(context: ScenarioContext, folder: string): Promise<ScenarioResult> {
  const { sabotage, progress } = context;
  const { plan, wanted } = EFFORT[effortOf(context)];
  const phases = sabotage === undefined ? ALL : (SABOTAGED[sabotage] ?? ALL);
  const family = new Family();
  try {
    const campaign = await runCampaign({ family, folder, sabotage, phases, plan, progress });
    const pids = { ...family.pids(), redis: `${campaign.redis.pid}` };
    const { directories } = campaign;
    return {
      overrides: {},
      processes: { bench: process.pid, ...pids, ...directories },
      metrics: metricsOf(campaign),
      checks: checksOf(campaign, wanted),
      sections: [
        ...sectionsOf(campaign),
        { title: `Processes of two machines, on ${campaign.redis.what}`, body: processTable(pids, directories) },
      ],
    };
  } finally {
    await family.close();
  }
}
