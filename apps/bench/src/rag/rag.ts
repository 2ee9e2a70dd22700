import type { Effort as Name } from '../effort.ts';
import { effortOf } from '../effort.ts';
import { Family, processTable } from '../processes/family.ts';
import { withScratch } from '../processes/scratch.ts';
import type { Scenario, ScenarioContext, ScenarioResult } from '../scenario.ts';
import { checksOf } from './checks.ts';
import type { Wanted } from './checks.ts';
import type { Effort } from './measurement.ts';
import { measureRag } from './measurement.ts';
import { metricsOf } from './metrics.ts';
import { readQuestions } from './questions/read-questions.ts';
import { SHIPPED_QUESTIONS } from './questions/shipped-questions.ts';
import { sectionsOf } from './report.ts';
import { RAG_SABOTAGES } from './sabotage.ts';
import { ONE_WAY_MS, SEARCH_MS } from './stage.ts';

const CHANGE_EVERY_MS = 900;

const EFFORT: Readonly<Record<Exclude<Name, 'sabotaged'>, Effort & Wanted>> = {
  quick: {
    processes: 8,
    crowds: 2,
    clusterCrowds: 2,
    hits: { rounds: 6, questions: 100 },
    embeddedTexts: 60,
    changes: 6,
    changeEveryMs: CHANGE_EVERY_MS,
    levels: true,
    resultsCompared: 300,
    questions: 150,
  },
  normal: {
    processes: 8,
    crowds: 10,
    clusterCrowds: 10,
    hits: { rounds: 40, questions: 50 },
    embeddedTexts: 200,
    changes: 40,
    changeEveryMs: CHANGE_EVERY_MS,
    levels: true,
    resultsCompared: 5_000,
    questions: 150,
  },
  full: {
    processes: 8,
    crowds: 40,
    clusterCrowds: 40,
    hits: { rounds: 100, questions: 100 },
    embeddedTexts: 1_000,
    changes: 300,
    changeEveryMs: CHANGE_EVERY_MS,
    levels: true,
    resultsCompared: 50_000,
    questions: 150,
  },
};

const NOTHING: Effort & Wanted = {
  processes: 2,
  crowds: 0,
  clusterCrowds: 0,
  hits: undefined,
  embeddedTexts: 0,
  changes: 0,
  changeEveryMs: 600,
  levels: false,
  resultsCompared: 100,
  questions: 150,
};

/** What shows it, and no more. */
const SABOTAGED: Readonly<Record<(typeof RAG_SABOTAGES)[number], Effort & Wanted>> = {
  'no-lease': { ...NOTHING, crowds: 1 },
  'no-watch': { ...NOTHING, changes: 2 },
  'clear-all': { ...NOTHING, changes: 2 },
  'loose-key': { ...NOTHING, levels: true },
  'shared-org': { ...NOTHING, crowds: 1 },
  'wrong-passages': { ...NOTHING, crowds: 1 },
  'wrong-vector': { ...NOTHING, embeddedTexts: 60 },
  'no-tier': { ...NOTHING, embeddedTexts: 60 },
};

/** A knowledge search costs money and half a second: how often is it made, and is what is served instead still right? */
export const rag: Scenario = {
  name: 'rag',
  summary:
    'a knowledge base in Convex: one search for a thousand askers, fresh after a change, and what counts as the same question',
  byDefault: false,
  sabotages: RAG_SABOTAGES,
  run: (context) => withScratch('rag', (folder) => run(context, folder)),
};

async function run(context: ScenarioContext, folder: string): Promise<ScenarioResult> {
  const { seed, sabotage, progress, data } = context;
  const effort = planOf(context);
  const sets = data === undefined ? SHIPPED_QUESTIONS : await readQuestions(data);
  const family = new Family();
  try {
    const measured = await measureRag({
      effort,
      sets,
      isShipped: data === undefined,
      seed,
      sabotage,
      folder,
      family,
      progress,
    });
    const pids = { ...family.pids(), ...measured.pids };
    const directories = Object.fromEntries(
      measured.directories.map((directory, index) => [`of host tier ${index + 1}`, directory]),
    );
    return {
      overrides: { one_way_ms: ONE_WAY_MS, search_ms: SEARCH_MS, data: data ?? 'shipped' },
      processes: { bench: process.pid, ...pids, ...directories },
      metrics: metricsOf(measured),
      checks: checksOf(measured, effort),
      sections: [...sectionsOf(measured), { title: 'Processes', body: processTable(pids, directories) }],
    };
  } finally {
    await family.close();
  }
}

function planOf(context: ScenarioContext): Effort & Wanted {
  const name = effortOf(context);
  if (name !== 'sabotaged') return EFFORT[name];
  const sabotage = RAG_SABOTAGES.find((candidate) => candidate === context.sabotage);
  // A sabotage of another scenario of the same run.
  return sabotage === undefined ? EFFORT.quick : SABOTAGED[sabotage];
}
