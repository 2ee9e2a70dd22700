import { effortOf } from '../effort.ts';
import { Family, processTable } from '../processes/family.ts';
import { withScratch } from '../processes/scratch.ts';
import type { Scenario, ScenarioContext, ScenarioResult } from '../scenario.ts';
import { measureStampede } from './measurement.ts';
import { checksOf, metricsOf, sectionsOf } from './report.ts';
import { ORIGIN_MS, variantsOf } from './variants.ts';

const REPETITIONS = { sabotaged: 2, quick: 5, normal: 12, full: 40 } as const;

/** Many processes, of a machine or of two, ask for what none of them has: how often is it loaded, and how long does everybody wait? */
export const stampede: Scenario = {
  name: 'stampede',
  summary: 'one cold key in many processes at once: loads, waits, and the death of the one that loads',
  byDefault: false,
  sabotages: ['no-lease', 'wrong-value'],
  run: (context) => withScratch('stampede', (folder) => run(context, folder)),
};

async function run(context: ScenarioContext, folder: string): Promise<ScenarioResult> {
  const { sabotage, progress } = context;
  const effort = effortOf(context);
  const repetitions = REPETITIONS[effort];
  const variants = variantsOf(effort).map((each) => (sabotage === 'no-lease' ? { ...each, leaseMs: 0 } : each));
  const family = new Family();
  try {
    const wrongValue = sabotage === 'wrong-value';
    const { results, directories } = await measureStampede({
      variants,
      repetitions,
      folder,
      family,
      wrongValue,
      progress,
    });
    const pids = family.pids();
    return {
      overrides: {
        origin_ms: ORIGIN_MS,
        ...Object.fromEntries(variants.map(({ name, leaseMs }) => [`lease_ms.${name}`, leaseMs])),
      },
      processes: { bench: process.pid, ...pids, directories },
      metrics: metricsOf(results),
      checks: checksOf(results, repetitions),
      sections: [
        ...sectionsOf(results),
        { title: 'Processes', body: processTable(pids, { 'of the host tiers': directories }) },
      ],
    };
  } finally {
    await family.close();
  }
}
