import { effortOf } from '../effort.ts';
import { Family, processTable } from '../processes/family.ts';
import { withScratch } from '../processes/scratch.ts';
import type { Scenario, ScenarioContext, ScenarioResult } from '../scenario.ts';
import { checksOf } from './checks.ts';
import { EFFORT } from './efforts.ts';
import { DELAY_MS, measureConfig } from './measurement.ts';
import { metricsOf } from './metrics.ts';
import { READ_EVERY_MS } from './part-update.ts';
import { sectionsOf } from './report.ts';
import { CONFIG_SABOTAGES, configSabotage } from './sabotage.ts';

/** Agents of Convex on two machines: how often is Convex asked, how fast is a hit, how soon is an update read, and what if it is away? */
export const config: Scenario = {
  name: 'config',
  summary: `agents and prompts in front of Convex, ${DELAY_MS} ms away each way: starts, hits, updates, outages, a migration`,
  byDefault: false,
  sabotages: CONFIG_SABOTAGES,
  run: (context) => withScratch('config', (folder) => run(context, folder)),
};

async function run(context: ScenarioContext, folder: string): Promise<ScenarioResult> {
  const effort = effortOf(context);
  const sabotage = configSabotage(context.sabotage);
  const family = new Family();
  try {
    const measurement = await measureConfig({ effort, sabotage, folder, family, progress: context.progress });
    const pids = { ...family.pids(), convex: `${measurement.convexPid}`, redis: `${measurement.redisPid}` };
    return {
      overrides: { convex_delay_ms_one_way: DELAY_MS, reads_of_an_agent_every_ms: READ_EVERY_MS },
      processes: { bench: process.pid, ...pids, directories: measurement.directories.join(' ') },
      metrics: metricsOf(measurement),
      checks: checksOf(measurement, EFFORT[effort]),
      sections: [
        ...sectionsOf(measurement),
        {
          title: 'Processes of two machines; each setting has two directories of its own, named for it',
          body: processTable(pids, { 'of all files': folder, ...shownDirectories(measurement.directories, folder) }),
        },
      ],
    };
  } finally {
    await family.close();
  }
}

/** Of the last setting, in the folder of all files: the others are named alike. */
function shownDirectories(all: readonly string[], folder: string): Readonly<Record<string, string>> {
  const [a = '', b = ''] = all
    .slice(-2)
    .toSorted()
    .map((path) => path.replace(folder, '…'));
  return { 'of machine a, at the end': a, 'of machine b, at the end': b };
}
