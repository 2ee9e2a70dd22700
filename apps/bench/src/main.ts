import { writeFile } from 'node:fs/promises';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { config } from './config/config.ts';
import { crash } from './crash/crash.ts';
import { readDatasets, sample, shippedDatasets, UsageError } from './dataset.ts';
import { describeEnvironment } from './environment.ts';
import { faults } from './faults/faults.ts';
import { hotPath } from './hot-path/hot-path.ts';
import { outage } from './outage/outage.ts';
import { races } from './races/races.ts';
import { createProgress } from './progress.ts';
import { rag } from './rag/rag.ts';
import type { Facts, Metrics, Scenario, ScenarioResult } from './scenario.ts';
import { stampede } from './stampede/stampede.ts';
import { staleness } from './staleness/staleness.ts';
import { table } from './tables.ts';
import { tiers } from './tiers/tiers.ts';
import { turn } from './turn/turn.ts';

const SCENARIOS: readonly Scenario[] = [
  turn,
  faults,
  hotPath,
  races,
  tiers,
  stampede,
  crash,
  staleness,
  outage,
  config,
  rag,
];
const SENTENCES_A_FILE = 300;
/** Of each language of the shipped workload: with installing and building, the first run is to show its result within two minutes. */
const SENTENCES_A_LANGUAGE = 140;
const QUICK_SHARE = 0.4;
const EXIT = { ok: 0, checkFailed: 1, usage: 2 } as const;

interface Options {
  readonly json?: string;
  readonly data?: string;
  readonly seed: number;
  readonly quick: boolean;
  readonly full: boolean;
  readonly sabotage?: string;
}

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  try {
    const { scenarios, options } = parse(argv);
    return await run(scenarios, options, argv);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof UsageError) {
      console.error(`bench: ${error.message}`);
      return EXIT.usage;
    }
    throw error;
  }
}

function parse(argv: readonly string[]): { scenarios: readonly Scenario[]; options: Options } {
  const names = SCENARIOS.map(({ name }) => name);
  const byDefault = SCENARIOS.filter((scenario) => scenario.byDefault).map(({ name }) => name);
  const sabotages = SCENARIOS.map(({ name, sabotages: own }) => `${name}: ${own.join(', ')}`).join('; ');
  const command = new Command('bench')
    .description(
      'Measures what Warmline promises. Exits 0 when all checks hold, 1 when one failed, 2 on wrong usage; never by timing.',
    )
    .argument('[scenario...]', `which to run: ${names.join(', ')} (default: ${byDefault.join(', ')})`)
    .option('--json <file>', 'write all metrics to a file')
    .option('--data <dir>', 'folder with agent-turns-*.jsonl files (default: the workload that comes with the bench)')
    .option('--seed <n>', 'chooses dialogues and orders', wholeNumber, 1)
    .option('--quick', 'a shorter run, within 45 s', false)
    .option(
      '--full',
      `all sentences, not only ${SENTENCES_A_FILE} a file (${SENTENCES_A_LANGUAGE} a language of the shipped workload)`,
      false,
    )
    .option('--sabotage <name>', `break something on purpose, which the checks must notice (${sabotages})`)
    .exitOverride()
    .parse(['node', 'bench', ...argv]);
  const wanted = command.args.length === 0 ? byDefault : command.args;
  const options = command.opts<Options>();
  const scenarios = wanted.map((name) => {
    const scenario = SCENARIOS.find((candidate) => candidate.name === name);
    if (scenario === undefined) throw new UsageError(`unknown scenario '${name}'; there are: ${names.join(', ')}`);
    return scenario;
  });
  const { sabotage } = options;
  if (sabotage !== undefined && !scenarios.some((scenario) => scenario.sabotages.includes(sabotage))) {
    throw new UsageError(`unknown sabotage '${sabotage}'; there are: ${sabotages}`);
  }
  return { scenarios, options };
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/u.test(text)) throw new InvalidArgumentError(`'${text}' is not a whole number.`);
  return Number(text);
}

async function run(scenarios: readonly Scenario[], options: Options, argv: readonly string[]): Promise<number> {
  const all = options.data === undefined ? shippedDatasets() : await readDatasets(options.data);
  const sentences =
    (options.data === undefined ? SENTENCES_A_LANGUAGE : SENTENCES_A_FILE) * (options.quick ? QUICK_SHARE : 1);
  const datasets = options.full ? all : all.map((dataset) => sample(dataset, sentences, options.seed));
  const results: Record<string, Metrics> = {};
  const overrides: Record<string, Facts> = {};
  const processes: Record<string, Facts> = {};
  let failed = 0;
  for (const scenario of scenarios) {
    const progress = createProgress(process.stderr);
    const { data, seed, quick, full, sabotage } = options;
    const result = await scenario.run({ datasets, data, seed, quick, full, sabotage, progress });
    progress.done();
    results[scenario.name] = result.metrics;
    overrides[scenario.name] = result.overrides;
    processes[scenario.name] = result.processes;
    failed += result.checks.filter(({ holds }) => !holds).length;
    report(scenario, result);
  }
  const environment = { ...describeEnvironment(argv), overrides, processes };
  if (options.json !== undefined) {
    await writeFile(options.json, `${JSON.stringify({ environment, scenarios: results }, undefined, 2)}\n`);
  }
  console.log(failed === 0 ? '\nAll checks hold.' : `\n${failed} check(s) failed.`);
  return failed === 0 ? EXIT.ok : EXIT.checkFailed;
}

function report(scenario: Scenario, result: ScenarioResult): void {
  console.log(`\n${scenario.name}: ${scenario.summary}`);
  for (const { title, body } of result.sections) console.log(`\n${title}\n${body}`);
  const rows = result.checks.map(({ name, holds, detail }) => [name, detail, holds ? 'holds' : 'FAILED']);
  console.log(`\nChecks\n${table(['check', 'found', 'result'], rows)}`);
}
