import { setTimeout as sleep } from 'node:timers/promises';
import { every } from './clock.ts';
import { HostTierError } from './errors.ts';
import { openHostTier } from './open-host-tier.ts';
import type { HostTier } from './host-tier.ts';
import { quantile, refOf, serve } from './machine.fixture.ts';

/** How much later than it should the event loop came round, while it read and wrote. */
export interface Lag {
  readonly medianMs: number;
  readonly maxMs: number;
  readonly reads: number;
}

const LONG = { ttlMs: 600_000 };
const MB = 2 ** 20;

let tier: HostTier | undefined;
const written: Promise<unknown>[] = [];

function opened(): HostTier {
  if (tier === undefined) throw new Error('no host tier');
  return tier;
}

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'done',
    (error: unknown) => (error instanceof HostTierError ? error.code : String(error)),
  );
}

/** A process whose event loop is looked at. */
serve({
  open: async (directory: string) => {
    tier = openHostTier({ directory });
    await tier?.write(refOf('old'), Buffer.from('old'), LONG);
  },
  /** A write and a read every 10 ms; nobody waits for the writes. */
  lag: async (forMs: number): Promise<Lag> => {
    const gaps: number[] = [];
    let last = performance.now();
    const stop = every(1, () => {
      const now = performance.now();
      gaps.push(now - last);
      last = now;
    });
    const untilMs = performance.now() + forMs;
    let reads = 0;
    for (let key = 0; performance.now() < untilMs; key++) {
      written.push(codeOf(opened().write(refOf(String(key)), Buffer.alloc(1000), LONG)));
      const [found] = await opened().read([refOf('old')]);
      if (found?.bytes !== undefined) reads++;
      await sleep(10);
    }
    stop();
    return { medianMs: quantile(gaps, 0.5), maxMs: Math.max(...gaps), reads };
  },
  /** Asks for so many writes of a megabyte at once. Answers with how many were refused at once, and with what. */
  flood: async (count: number) => {
    const refused: unknown[] = [];
    for (let at = 0; at < count; at++) {
      const write = codeOf(opened().write(refOf(`large ${at}`), Buffer.alloc(MB), LONG));
      written.push(write);
      void write.then((code) => code !== 'done' && refused.push(code));
    }
    await sleep(200);
    return refused;
  },
  /** What has become of the writes. */
  outcome: async () => {
    const codes = await Promise.all(written.splice(0));
    return Object.fromEntries([...Map.groupBy(codes, String)].map(([code, all]) => [code, all.length]));
  },
});
