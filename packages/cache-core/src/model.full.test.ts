import * as fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { MemorySharedTier } from './index.ts';
import type { SharedTier } from './index.ts';
import type { CommandName, ModelPolicy, ModelReport, ModelStage, Step } from './testing/model/index.ts';
import { CACHES, COMMANDS, KEYS, PICKS, playModel, POLICIES } from './testing/model/index.ts';
import type { FakeClock } from './testing/index.ts';

/** Runs altogether; the long run has 20,000: `WARMLINE_MODEL_RUNS=20000`. */
const RUNS = Number(process.env['WARMLINE_MODEL_RUNS'] ?? 360);
const RUN_LIMIT_MS = 250;

/** Which tiers the caches have. A cluster keeps no journal, as a server does not. */
const TOPOLOGIES = {
  '1 tier: process': () => [[], []],
  '2 tiers: process and host': (tier) => [[tier('host')], [tier('host')]],
  '2 tiers: process and cluster': (tier) => {
    const cluster = withoutJournal(tier('cluster'));
    return [[cluster], [cluster]];
  },
  '3 tiers: process, host and cluster': (tier) => {
    const cluster = withoutJournal(tier('cluster'));
    return [
      [tier('host'), cluster],
      [tier('host'), cluster],
    ];
  },
} satisfies Record<string, (tier: (name: string) => SharedTier) => [SharedTier[], SharedTier[]]>;

function stageOf(topology: keyof typeof TOPOLOGIES, maxStamps: number, clock: FakeClock): ModelStage {
  const machines = TOPOLOGIES[topology]((name) => new MemorySharedTier({ name, clock, maxStamps }));
  return { machines, evicts: maxStamps < 100, close: async () => {} };
}

function withoutJournal(tier: SharedTier): SharedTier {
  return new Proxy(tier, {
    get(target, member) {
      if (member === 'journal' || member === 'stayLive' || member === 'origin') return undefined;
      const own: unknown = Reflect.get(target, member, target);
      return typeof own === 'function' ? own.bind(target) : own;
    },
  });
}

const names = fc.oneof(
  ...Object.entries(COMMANDS).map(([name, weight]) => ({ weight, arbitrary: fc.constant(name as CommandName) })),
);
const steps: fc.Arbitrary<Step[]> = fc.noBias(
  fc.array(
    fc.record({
      do: names,
      at: fc.constantFrom(...CACHES),
      key: fc.constantFrom(...KEYS),
      pick: fc.nat({ max: PICKS - 1 }),
      rush: fc.constantFrom(...Array.from({ length: 10 }, (_, index) => index === 9)),
    }),
    { minLength: 1, maxLength: 120, size: 'max' },
  ),
);
const policies = fc.record(
  Object.fromEntries(Object.entries(POLICIES).map(([name, choices]) => [name, fc.constantFrom(...choices)])),
) as unknown as fc.Arbitrary<ModelPolicy>;

/** In how many runs each command was played and each outcome seen. */
const seen = new Map<string, number>();
let runs = 0;
let compared = 0;

function note(report: ModelReport): void {
  runs++;
  compared += report.compared;
  for (const what of [...Object.keys(report.commands), ...Object.keys(report.outcomes)]) {
    seen.set(what, (seen.get(what) ?? 0) + 1);
  }
}

describe('whatever happens in whatever order, no cache returns what it may not', () => {
  test.each(Object.keys(TOPOLOGIES) as (keyof typeof TOPOLOGIES)[])(
    '%s',
    async (topology) => {
      await fc.assert(
        fc.asyncProperty(policies, fc.constantFrom(1000, 1000, 8), steps, async (policy, maxStamps, drawn) => {
          const report = await playModel({
            open: (clock) => stageOf(topology, maxStamps, clock),
            play: { policy, steps: drawn },
          });
          note(report);
          if (report.violations.length > 0) {
            throw new Error([...report.violations.slice(0, 5), '', ...report.story].join('\n'));
          }
        }),
        { numRuns: Math.ceil(RUNS / Object.keys(TOPOLOGIES).length) },
      );
    },
    RUNS * RUN_LIMIT_MS + 20_000,
  );
});

afterAll(() => {
  if (process.env['WARMLINE_MODEL_TABLE'] !== undefined) {
    const rows = [...seen].sort((a, b) => a[1] - b[1]);
    process.stdout.write(
      `${runs} runs, ${compared} compared\n${rows.map(([w, c]) => `${((c / runs) * 100).toFixed(1).padStart(6)} % ${w}`).join('\n')}\n`,
    );
  }
  expect(compared).toBeGreaterThan(0);
});
