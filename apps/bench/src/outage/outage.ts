import { effortOf } from '../effort.ts';
import { Family, processTable } from '../processes/family.ts';
import { withScratch } from '../processes/scratch.ts';
import type { Facts, Scenario, ScenarioContext, ScenarioResult } from '../scenario.ts';
import { checksOf } from './checks.ts';
import { EFFORT, measureOutage } from './measurement.ts';
import { metricsOf } from './metrics.ts';
import { ABREAST, LOADER_MS } from './play.ts';
import { sectionsOf } from './report.ts';
import { OUTAGE_SABOTAGES, outageSabotage } from './sabotage.ts';

/** Redis is not as it should be, in every way there is: what do callers of a cache notice of it? */
export const outage: Scenario = {
  name: 'outage',
  summary: 'Redis away, hung, slow, full, restarted from an old snapshot: reads, invalidations, and the way back',
  byDefault: false,
  sabotages: OUTAGE_SABOTAGES,
  run: (context) => withScratch('outage', (folder) => run(context, folder)),
};

async function run(context: ScenarioContext, folder: string): Promise<ScenarioResult> {
  const effort = effortOf(context);
  const sabotage = outageSabotage(context.sabotage);
  const family = new Family();
  try {
    const measurement = await measureOutage({ effort, sabotage, folder, family, progress: context.progress });
    const pids = family.pids();
    const { reads, writes } = EFFORT[effort];
    const overrides: Facts = {
      loader_ms: LOADER_MS,
      cold_reads_at_once: ABREAST,
      ...(effort === 'quick' ? { cold_reads: reads.cold, hot_reads: reads.hot, writes_to_hung: writes } : {}),
    };
    return {
      overrides,
      processes: { bench: process.pid, ...pids, ...serverPids(measurement.rounds), directory: folder },
      metrics: metricsOf(measurement),
      checks: checksOf(measurement, EFFORT[effort].reads),
      sections: [
        ...sectionsOf(measurement),
        {
          title: 'Processes; servers are in the table of states',
          body: processTable(pids, { 'of all files': folder }),
        },
      ],
    };
  } finally {
    await family.close();
  }
}

function serverPids(
  rounds: readonly { readonly state: { readonly name: string }; readonly serverPid: number }[],
): Facts {
  return Object.fromEntries(rounds.map(({ state, serverPid }) => [`server, ${state.name}`, serverPid]));
}
