import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { HostTier } from './host-tier.ts';
import { HostTierError } from './errors.ts';
import type { KeeperOptions } from './keeper.ts';
import type { Child } from './machine.fixture.ts';
import { Machine, print, refOf, until } from './machine.fixture.ts';
import { processState } from './process-state.ts';

const MEMBER = './keeper-member.fixture.ts';
const MB = 2 ** 20;
const MAX_BYTES = 8 * MB;
const LONG_MS = 600_000;
/** The promise is two seconds; the rest is for a machine that does other things, too. */
const TAKE_OVER_MS = 5_000;
const OVERFULL = 1.25;
const AT_ONCE = 50;
/** Fullness is measured ten times a second: what arrives in between must be little. */
const PAUSE_MS = 20;

async function keeperOf(machine: Machine, maxBytes = MAX_BYTES, options: KeeperOptions = {}): Promise<Child> {
  const child = machine.start(MEMBER);
  expect(await child.ask('open', { directory: machine.directory, maxBytes })).toBe(true);
  await child.ask('keep', options);
  return child;
}

async function holders(children: readonly Child[]): Promise<Child[]> {
  const answers = await Promise.all(children.map((child) => child.ask<boolean>('isHolding')));
  return children.filter((_, at) => answers[at]);
}

function dataBytes(tier: HostTier): number {
  return statSync(join(tier.directory, 'current', 'data.mdb')).size;
}

interface Flood {
  readonly count: number;
  readonly bytes: number;
  readonly scope?: string;
  readonly pin?: boolean;
}

/** Writes entries that nobody reads; what is refused because the file is full is written again. */
async function flood(
  tier: HostTier,
  { count, bytes, scope = 's', pin = false }: Flood,
  prefix = 'flood',
): Promise<{ used: number; refused: number }> {
  let used = 0;
  let refused = 0;
  const write = async (key: string): Promise<void> => {
    const untilMs = performance.now() + 10_000;
    for (;;) {
      try {
        await tier.write(refOf(key, scope), Buffer.alloc(bytes, key), { ttlMs: LONG_MS, pin });
        return;
      } catch (error) {
        if (!(error instanceof HostTierError) || error.code !== 'ERR_HOST_FULL' || performance.now() > untilMs)
          throw error;
        refused++;
        await sleep(20);
      }
    }
  };
  for (let at = 0; at < count; at += AT_ONCE) {
    const keys = Array.from({ length: Math.min(AT_ONCE, count - at) }, (_, index) => `${prefix} ${at + index}`);
    await Promise.all(keys.map(write));
    used = Math.max(used, tier.file.usedBytes());
    await sleep(PAUSE_MS);
  }
  return { used, refused };
}

async function survivors(tier: HostTier, keys: readonly string[], scope = 's'): Promise<number> {
  const found = await tier.read(keys.map((key) => refOf(key, scope)));
  return found.filter(({ bytes }) => bytes !== undefined).length;
}

function keysOf(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `${prefix} ${at}`);
}

/** Until the keeper has nothing more to remove. */
async function swept(tier: HostTier): Promise<void> {
  await until(() => tier.file.usedBytes() <= tier.maxBytes, 10_000, 'the keeper has made space');
  await sleep(300);
}

test(
  'of many one is the keeper; another takes over when it is killed, and when it is stopped',
  { timeout: 60_000 },
  async () => {
    await using machine = new Machine();
    const children = await Promise.all(Array.from({ length: 5 }, () => keeperOf(machine)));
    await until(async () => (await holders(children)).length > 0, TAKE_OVER_MS, 'somebody is the keeper');
    for (let look = 0; look < 10; look++) {
      expect((await holders(children)).length).toBe(1);
      await sleep(50);
    }
    const [killed] = await holders(children);
    const left = children.filter((child) => child !== killed);
    await killed?.kill();
    const afterKillMs = await until(
      async () => (await holders(left)).length > 0,
      2 * TAKE_OVER_MS,
      'another is the keeper',
    );
    const [stopped] = await holders(left);
    const others = left.filter((child) => child !== stopped);
    stopped?.signal('SIGSTOP');
    const afterStopMs = await until(
      async () => (await holders(others)).length > 0,
      2 * TAKE_OVER_MS,
      'another is the keeper',
    );
    expect(processState(stopped?.pid ?? 0)).toBe('stopped');
    stopped?.signal('SIGCONT');
    const noticedMs = await until(
      async () => (await stopped?.ask('isHolding')) === false,
      TAKE_OVER_MS,
      'it has noticed',
    );
    expect(await stopped?.ask('states')).toEqual(['holding', 'lost']);
    expect((await holders(left)).length).toBe(1);
    print(
      `taken over ${afterKillMs.toFixed(0)} ms after kill -9 and ${afterStopMs.toFixed(0)} ms after SIGSTOP; ` +
        `the one that was stopped noticed ${noticedMs.toFixed(0)} ms after it went on`,
    );
    expect(afterKillMs).toBeLessThan(TAKE_OVER_MS);
    expect(afterStopMs).toBeLessThan(TAKE_OVER_MS);
    // Not before its lease is over: it may only be slow.
    expect(afterStopMs).toBeGreaterThan(500);
  },
);

// Mostly waiting for a keeper, so at the same time; each has a machine of its own.
test.concurrent('100 MB written into a tier of 8 MB', { timeout: 60_000 }, async () => {
  await using machine = new Machine();
  const tier = machine.open({ maxBytes: MAX_BYTES });
  await keeperOf(machine);
  const { used, refused } = await flood(tier, { count: 5_000, bytes: 20_000 });
  await swept(tier);
  print(
    `100 MB written into 8 MB: at most ${(used / MB).toFixed(1)} MB in use, ${(tier.file.usedBytes() / MB).toFixed(1)} MB at the end, ` +
      `a file of ${(dataBytes(tier) / MB).toFixed(1)} MB, ${refused} writes refused for a moment`,
  );
  // Of 1 MB every 20 ms, 5 MB come between two looks.
  expect(used).toBeLessThan((OVERFULL + 1) * MAX_BYTES);
  expect(dataBytes(tier)).toBeLessThan(4 * MAX_BYTES);
  expect(tier.file.usedBytes()).toBeGreaterThan(0.5 * MAX_BYTES);
});

test.concurrent(
  'what is read regularly, what is pinned and what another scope holds outlive a flood',
  { timeout: 60_000 },
  async () => {
    await using machine = new Machine();
    const tier = machine.open({ maxBytes: MAX_BYTES });
    const hot = keysOf('hot', 200);
    const pinned = keysOf('pinned', 100);
    const foreign = keysOf('foreign', 200);
    await flood(tier, { count: 200, bytes: 7_000 }, 'hot');
    await flood(tier, { count: 100, bytes: 7_000, pin: true }, 'pinned');
    await flood(tier, { count: 200, bytes: 7_000, scope: 'other' }, 'foreign');
    const reader = machine.start(MEMBER);
    await reader.ask('open', { directory: machine.directory, maxBytes: MAX_BYTES });
    await reader.ask('readOn', hot, 's');
    await until(() => tier.file.keys('u', 'v', 1000).length >= 200, 10_000, 'the uses are written down');
    await keeperOf(machine);
    await flood(tier, { count: 2_000, bytes: 15_000 });
    await swept(tier);
    // Before they are read here, which would be a use.
    const found = {
      hot: await survivors(tier, hot),
      pinned: await survivors(tier, pinned),
      foreign: await survivors(tier, foreign, 'other'),
      flood: await survivors(tier, keysOf('flood', 2_000)),
    };
    print(
      `after a flood of 30 MB into 8 MB: ${found.hot} of 200 hot, ${found.pinned} of 100 pinned, ` +
        `${found.foreign} of 200 of another scope, ${found.flood} of 2000 of the flood`,
    );
    expect(found.hot).toBeGreaterThanOrEqual(190);
    expect(found.pinned).toBe(100);
    expect(found.foreign).toBe(200);
    expect(found.flood).toBeLessThan(600);
  },
);

test.concurrent(
  'what is read regularly outlives a flood that comes in many scopes, none beyond its share',
  { timeout: 60_000 },
  async () => {
    await using machine = new Machine();
    const tier = machine.open({ maxBytes: MAX_BYTES });
    const hot = keysOf('hot', 200);
    await flood(tier, { count: 200, bytes: 7_000 }, 'hot');
    const reader = machine.start(MEMBER);
    await reader.ask('open', { directory: machine.directory, maxBytes: MAX_BYTES });
    await reader.ask('readOn', hot, 's');
    await until(() => tier.file.keys('u', 'v', 1000).length >= 200, 10_000, 'the uses are written down');
    await keeperOf(machine);
    await Promise.all([1, 2, 3, 4].map((scope) => flood(tier, { count: 300, bytes: 15_000, scope: `flood-${scope}` })));
    await swept(tier);
    const found = await survivors(tier, hot);
    print(`after a flood of 18 MB in four scopes into 8 MB: ${found} of 200 hot`);
    expect(found).toBeGreaterThanOrEqual(190);
  },
);

test.concurrent('pins stay up to their share', { timeout: 60_000 }, async () => {
  await using machine = new Machine();
  const tier = machine.open({ maxBytes: MAX_BYTES });
  await keeperOf(machine, MAX_BYTES, { pinShare: 0.25 });
  await flood(tier, { count: 600, bytes: 7_000, pin: true }, 'pinned');
  await flood(tier, { count: 1_000, bytes: 15_000 });
  await swept(tier);
  const kept = await survivors(tier, keysOf('pinned', 600));
  print(`pinned: ${kept} of 600 entries of 8 KB left, where a quarter of 8 MB is for pins`);
  // 2 MB are 256 of them.
  expect(kept).toBeGreaterThan(200);
  expect(kept).toBeLessThan(300);
});

test.concurrent('expired entries leave without anybody who reads them', async () => {
  await using machine = new Machine();
  const tier = machine.open({ maxBytes: MAX_BYTES });
  for (const key of keysOf('short', 50)) await tier.write(refOf(key), Buffer.alloc(100), { ttlMs: 100 });
  for (const key of keysOf('long', 50)) await tier.write(refOf(key), Buffer.alloc(100), { ttlMs: LONG_MS });
  await sleep(200);
  expect(tier.file.keys('v', 'w', 1000).length).toBe(100);
  await keeperOf(machine);
  const gone = (): boolean => {
    tier.file.renew();
    return tier.file.keys('v', 'w', 1000).length === 50;
  };
  await until(gone, 5_000, 'what has expired is gone');
  expect(await survivors(tier, keysOf('long', 50))).toBe(50);
});

test.concurrent('without a keeper writes are refused beyond 1.25 times the limit, and reads go on', async () => {
  await using machine = new Machine();
  const tier = machine.open({ maxBytes: MAX_BYTES });
  const codes = new Set<unknown>();
  let written = 0;
  for (let key = 0; key < 1_500; key++) {
    await tier.write(refOf(String(key)), Buffer.alloc(15_000), { ttlMs: LONG_MS }).then(
      () => written++,
      (error: unknown) => codes.add(error instanceof HostTierError ? error.code : error),
    );
    // Fullness is measured at most every 100 ms.
    if (key % 10 === 0) await sleep(2);
  }
  const used = tier.file.usedBytes();
  print(`without a keeper ${written} of 1500 writes were made: ${(used / MB).toFixed(1)} MB in use of 8`);
  expect([...codes]).toEqual(['ERR_HOST_FULL']);
  expect(used).toBeGreaterThan(OVERFULL * MAX_BYTES);
  expect(used).toBeLessThan((OVERFULL + 0.75) * MAX_BYTES);
  expect(
    await survivors(
      tier,
      Array.from({ length: written }, (_, key) => String(key)),
    ),
  ).toBe(written);
});

test.concurrent('a service runs in the process that keeps the tier, and in no other', async () => {
  await using machine = new Machine();
  const [first, second] = [await keeperOf(machine), await keeperOf(machine)];
  const servicesOf = (child: Child): Promise<string[]> => child.ask('services');
  expect([await servicesOf(first), await servicesOf(second)]).toEqual([['started'], []]);
  await first.ask('letGo');
  expect(await servicesOf(first)).toEqual(['started', 'closed']);
  await until(async () => (await servicesOf(second)).length > 0, TAKE_OVER_MS, 'the other has started it');
  // A keeper that was stopped finds its lease taken when it goes on.
  const third = await keeperOf(machine);
  second.signal('SIGSTOP');
  await until(async () => (await servicesOf(third)).length > 0, TAKE_OVER_MS, 'the third has started it');
  second.signal('SIGCONT');
  await until(async () => (await servicesOf(second)).includes('closed'), TAKE_OVER_MS, 'the second has closed it');
});
