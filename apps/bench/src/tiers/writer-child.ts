import { setTimeout as sleep } from 'node:timers/promises';
import type { HostTier } from '@warmline/cache-lmdb';
import { LoopLag } from '../hot-path/event-loop.ts';
import { openTier } from '../processes/open-tier.ts';
import { serve } from '../processes/serve.ts';
import type { Distribution } from '../scenario.ts';
import { refOf } from './stock.ts';

export const OPERATIONS = ['write_5kb', 'write_150kb', 'begin', 'invalidate'] as const;
export type Operation = (typeof OPERATIONS)[number];

/** Calls one after another: from each call until its promise is kept. */
export interface Latencies {
  readonly ms: Readonly<Record<Operation, readonly number[]>>;
  readonly lagMs: Distribution;
}

/** Calls that were begun, whether they end or not. */
export interface Begun {
  readonly writes: number;
  /** Writes that ended within the time. */
  readonly ended: number;
  readonly reads: number;
  /** Reads that found their value. */
  readonly answered: number;
  /** The longest that a call held the event loop until it returned its promise. */
  readonly callMs: number;
  readonly lagMs: number;
}

/** What this process can be asked. */
export interface WriterCalls {
  open(input: { readonly directory: string }): void;
  one_by_one(input: { readonly each: number }): Promise<Latencies>;
  begin(input: { readonly forMs: number }): Promise<Begun>;
  /** Waits for all that was begun. */
  settle(input: { readonly limitMs: number }): Promise<{ readonly ended: number; readonly failed: number }>;
}

const TTL_MS = 60_000;
const EVERY_MS = 10;
const [SMALL, LARGE] = [Buffer.alloc(5 * 1024, 'small'), Buffer.alloc(150 * 1024, 'large')];

let opened: HostTier | undefined;
let serial = 0;
let pending: Promise<boolean>[] = [];

serve<WriterCalls>({
  open: ({ directory }) => {
    opened = openTier(directory);
  },
  one_by_one: async ({ each }) => {
    const ms: Record<Operation, number[]> = { write_5kb: [], write_150kb: [], begin: [], invalidate: [] };
    const lag = new LoopLag();
    await lag.during(async () => {
      for (let count = 0; count < each; count++) {
        for (const operation of OPERATIONS) {
          const startedMs = performance.now();
          await call(operation);
          ms[operation].push(performance.now() - startedMs);
        }
      }
    });
    return { ms, lagMs: lag.distribution() };
  },
  begin: async ({ forMs }) => {
    let [ended, callMs, reads, answered] = [0, 0, 0, 0];
    const lag = new LoopLag();
    const known = refOf('5kb 0');
    pending = [];
    await lag.during(async () => {
      const untilMs = performance.now() + forMs;
      for (let turn = 0; performance.now() < untilMs; turn++) {
        const startedMs = performance.now();
        const work = call(OPERATIONS[turn % OPERATIONS.length] ?? 'begin').then(() => ended++);
        callMs = Math.max(callMs, performance.now() - startedMs);
        pending.push(work.then(() => true, () => false)); // prettier-ignore
        const [stored] = await tier().read([known]);
        reads++;
        if (stored?.bytes !== undefined) answered++;
        await sleep(EVERY_MS);
      }
    });
    return { writes: pending.length, ended, reads, answered, callMs, lagMs: lag.distribution().max };
  },
  settle: async ({ limitMs }) => {
    const all = await Promise.all(
      pending.map((work) => Promise.race([work, sleep(limitMs, undefined, { ref: false })])),
    );
    return { ended: all.filter((done) => done === true).length, failed: all.filter((done) => done === false).length };
  },
});

/** Each time for a key that was never named before: nothing is there already. */
function call(operation: Operation): Promise<unknown> {
  const ref = refOf(`write ${process.pid} ${serial++}`);
  switch (operation) {
    case 'write_5kb':
      return tier().write(ref, SMALL, { ttlMs: TTL_MS });
    case 'write_150kb':
      return tier().write(ref, LARGE, { ttlMs: TTL_MS });
    case 'begin':
      return tier().begin(ref, { leaseMs: 0, stampTtlMs: TTL_MS });
    case 'invalidate':
      return tier().invalidate({ kind: 'keys', namespace: ref.namespace, keys: [ref.key] });
  }
}

function tier(): HostTier {
  if (opened === undefined) throw new Error('not opened');
  return opened;
}
