import * as fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { SharedTier } from './index.ts';
import { MemorySharedTier } from './index.ts';
import { wrapTier } from './tier.fixture.ts';
import type { CommandName, Defence, FakeClock, ModelPolicy, ModelReport, ModelStage, Step } from './testing/index.ts';
import { CACHES, COMMANDS, createCacheWithout, KEYS, PICKS, playModel, POLICIES } from './testing/index.ts';

/** Runs altogether; the long run is `WARMLINE_MODEL_RUNS=20000`, `WARMLINE_MODEL_TABLE=1` prints what was seen. */
const RUNS = Number(process.env['WARMLINE_MODEL_RUNS'] ?? 400);
/** On a slow machine; usual is a thirtieth of it. */
const RUN_LIMIT_MS = 300;

/** What must be seen in 1 % of the runs, besides every command. */
const OUTCOMES = [
  'hit in process', 'hit in host', 'hit in cluster', 'negative hit', 'miss', 'shared',
  'stale: revalidating', 'stale: error', 'stale: back-off', 'stale: deadline',
  'load stored', 'load not-stored', 'load failed', 'refreshed', 'back-off', 'eviction',
  'refused: invalidated', 'refused: no-stamps', 'refused: do-not-store', 'refused: superseded', 'refused: closed',
  'refused: too-large', 'frame: stamps', 'frame: damaged',
  'tier-error: read', 'tier-error: begin', 'tier-error: write', 'tier-error: invalidate',
  'tier-timeout: read', 'tier-timeout: begin', 'tier-timeout: write', 'tier-timeout: invalidate',
  'breaker open', 'breaker half-open', 'breaker closed', 'lease filled', 'lease freed', 'lease timeout',
  'invalidation done', 'invalidation pending', 'outbox filled', 'outbox cleared', 'bus refuses: publish',
  'gap', 'deaf', 'live',
] as const; // prettier-ignore

type Tiers = readonly SharedTier[];

/** The shared tiers of two machines. A cluster keeps no journal: its invalidations come over the bus. */
const TOPOLOGIES = {
  '1 tier: process': () => [[], []],
  '2 tiers: process and host': (open) => [[open('host')], [open('host')]],
  '2 tiers: process and cluster': (open) => {
    const cluster = withoutJournal(open('cluster'));
    return [[cluster], [cluster]];
  },
  '3 tiers: process, host and cluster': (open) => {
    const cluster = withoutJournal(open('cluster'));
    return [
      [open('host'), cluster],
      [open('host'), cluster],
    ];
  },
} satisfies Record<string, (open: (name: string) => SharedTier) => readonly [Tiers, Tiers]>;

type Topology = keyof typeof TOPOLOGIES;
const topologies = Object.keys(TOPOLOGIES) as Topology[];

function stageOf(topology: Topology, clock: FakeClock, maxStamps = 1000): ModelStage {
  const machines = TOPOLOGIES[topology]((name) => new MemorySharedTier({ name, clock, maxStamps }));
  return { machines, evicts: maxStamps < 100, close: async () => {} };
}

function withoutJournal(tier: SharedTier): SharedTier {
  return wrapTier(tier, { journal: undefined, stayLive: undefined, origin: undefined });
}

const commands = Object.entries(COMMANDS).map(([name, weight]) => ({
  weight,
  arbitrary: fc.constant(name as CommandName),
}));
// Without bias: short runs find little. They still shrink to nothing.
const steps: fc.Arbitrary<Step[]> = fc.noBias(
  fc.array(
    fc.record({
      do: fc.oneof(...commands),
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
// In one run of three a tier has room for few stamps.
const stampLimits = fc.constantFrom(1000, 1000, 8);

/** In how many runs each command was played and each outcome seen. */
const seen = new Map<string, number>([...Object.keys(COMMANDS), ...OUTCOMES].map((what) => [what, 0]));
const total = { runs: 0, compared: 0, inspected: 0 };

function note({ commands: played, outcomes, compared, inspected }: ModelReport): void {
  total.runs++;
  total.compared += compared;
  total.inspected += inspected;
  for (const what of [...Object.keys(played), ...Object.keys(outcomes)]) seen.set(what, (seen.get(what) ?? 0) + 1);
}

function table(): string {
  const rows = [...seen].toSorted(([, one], [, other]) => one - other);
  const lines = rows.map(([what, count]) => `${((100 * count) / total.runs).toFixed(1).padStart(6)} % ${what}`);
  return [`${total.runs} runs, ${total.compared} values compared, ${total.inspected} looks inside`, ...lines].join(
    '\n',
  );
}

describe('whatever happens in whatever order, no cache returns what it may not and every structure holds', () => {
  afterAll(() => {
    if (process.env['WARMLINE_MODEL_TABLE'] !== undefined) process.stdout.write(`${table()}\n`);
  });

  test.each(topologies)(
    '%s',
    async (topology) => {
      const numRuns = Math.ceil(RUNS / topologies.length);
      const property = fc.asyncProperty(policies, stampLimits, steps, async (policy, maxStamps, drawn) => {
        const report = await playModel({
          open: (clock) => stageOf(topology, clock, maxStamps),
          play: { policy, steps: drawn },
        });
        note(report);
        if (report.violations.length > 0)
          throw new Error([...report.violations, '', JSON.stringify(policy), ...report.story].join('\n'));
      });
      const { failed, errorInstance, ...found } = await fc.check(property, { numRuns });
      // With the seed, and the shortest run that fails: its story and what is wrong with it.
      if (failed) throw new Error(`seed ${found.seed}, path ${found.counterexamplePath}\n${String(errorInstance)}`);
      expect(found.numRuns).toBe(numRuns);
    },
    20_000 + RUNS * RUN_LIMIT_MS,
  );

  test('every command and every outcome is in at least 1 % of the runs', () => {
    const rare = [...Object.keys(COMMANDS), ...OUTCOMES].filter((what) => (seen.get(what) ?? 0) < total.runs / 100);
    if (rare.length > 0) process.stdout.write(`${table()}\n`);
    expect(rare).toEqual([]);
    expect(total.compared).toBeGreaterThan(10 * total.runs);
    expect(total.inspected).toBeGreaterThan(50 * total.runs);
  });
});

const step = (what: CommandName, at: number, pick = 1): Step => ({ do: what, at, key: 0, pick, rush: false });
const NO_FRILLS: ModelPolicy = {
  calm: false,
  grace: 0,
  softTimeoutMs: 0,
  hardTimeoutMs: Number.POSITIVE_INFINITY,
  negativeTtl: 0,
  leaseMs: 0,
  leaseWaitMs: 50,
  earlyRefresh: 0,
  jitter: 0,
  settleMs: 0,
  versioned: false,
  processTtl: 100,
  maxBytes: 1_000_000,
};

/** Caches 0 and 1 are on one machine, 2 is on the other; cut off, it hears of no invalidation. */
const INTERLEAVINGS: readonly [Defence, Topology, Step[]][] = [
  [
    'stamps',
    '2 tiers: process and cluster',
    [step('bus is cut', 2), step('getOrLoad, held', 2), step('delete', 0), step('release', 0), step('get', 0)],
  ],
  [
    'tags-before-load',
    '2 tiers: process and cluster',
    [step('bus is cut', 2), step('getOrLoad, held', 2), step('invalidateTags', 0), step('release', 0), step('get', 0)],
  ],
  [
    'journal',
    '2 tiers: process and host',
    [step('getOrLoad', 1), step('get, answered late', 0), step('delete', 0), step('advance', 0, 7), step('peek', 0)],
  ],
  [
    'detach',
    '1 tier: process',
    [step('getOrLoad, held', 0), step('delete', 0), step('getOrLoad', 0), step('release', 0)],
  ],
];

/** What random commands have found once. */
const FOUND: readonly [string, Topology, Partial<ModelPolicy>, Step[]][] = [
  [
    'a `set` that is slow does not undo one that came after it',
    '1 tier: process',
    {},
    [step('bus is slow', 0), step('set', 0), step('set', 0), step('advance', 0, 9), step('get', 0)],
  ],
  [
    'what a tier owes is not found in the tier above either, where another process has put it',
    '3 tiers: process, host and cluster',
    {},
    [step('getOrLoad', 0), step('invalidation fails', 0), step('clear', 0), step('get', 1), step('getOrLoad', 0)],
  ],
  [
    'who joins a load that fails is not served what had ended before',
    '2 tiers: process and host',
    {},
    [
      step('getOrLoad', 0),
      step('softInvalidate', 0),
      step('getOrLoad, held and failing', 0),
      step('advance', 0, 12),
      step('getOrLoad', 0),
    ],
  ],
  [
    'a stale value ages while a lease is waited for',
    '2 tiers: process and cluster',
    { grace: 100, leaseMs: 50, processTtl: 30 },
    [
      step('getOrLoad', 0),
      step('advance', 0, 12),
      step('advance', 0, 2),
      step('getOrLoad, held', 1),
      step('getOrLoad, held', 0),
      step('advance', 0, 11),
      step('getOrLoad, held', 0),
    ],
  ],
];

describe('once found, never again', () => {
  test.each(FOUND)('%s', async (_, topology, policy, drawn) => {
    const report = await playModel({
      open: (clock) => stageOf(topology, clock),
      play: { policy: { ...NO_FRILLS, ...policy }, steps: drawn },
    });
    expect(report.violations).toEqual([]);
  });
});

describe('without one of its defences a cache is caught', () => {
  test.each(INTERLEAVINGS)('%s, %s', async (defence, topology, drawn) => {
    const play = { policy: NO_FRILLS, steps: drawn };
    const open = (clock: FakeClock): ModelStage => stageOf(topology, clock);
    const weak = await playModel({ open, play, createCache: (options) => createCacheWithout(defence, options) });
    expect(weak.violations.join()).toContain('version 0, older than 1');
    const whole = await playModel({ open, play });
    expect(whole.violations).toEqual([]);
  });

  test('by random commands, too', async () => {
    const caught = async (seed: number): Promise<boolean> => {
      const report = await playModel({
        open: (clock) => stageOf('3 tiers: process, host and cluster', clock),
        play: { seed, steps: 100 },
        createCache: (options) => createCacheWithout('stamps', options),
      });
      return report.violations.some((violation) => violation.includes('older than'));
    };
    let seed = 0;
    while (seed < 300 && !(await caught(seed))) seed++;
    expect(seed).toBeLessThan(300);
  });
});
