import type { KnowledgeQuery } from '@warmline/knowledge';
import type { ConvexHttpClient } from 'convex/browser';
import { LoopLag } from '../hot-path/event-loop.ts';
import { monotonicMs } from '../processes/monotonic.ts';
import type { Asker } from './asker.ts';
import { searchConvex } from './library.ts';
import { fingerprintOf } from './stage.ts';

/** @see askOneByOne */
export interface HitPart {
  readonly queries: readonly KnowledgeQuery[];
  readonly rounds: number;
}

/** What one asker after the other waited for, in turn. */
export interface HitPartAnswer {
  /** Found in the process tier. */
  readonly processMs: readonly number[];
  /** Found in the host tier, by a service whose process tier is empty. */
  readonly hostMs: readonly number[];
  /** A call of the action, without a cache. */
  readonly convexMs: readonly number[];
  /** Answers that were not what the action itself gave for the same question. */
  readonly wrong: number;
  readonly compared: number;
  readonly lagMs: number;
}

/** @see askOneByOne */
export interface HitAskers {
  readonly warm: Asker;
  /** With an empty process tier. */
  readonly fresh: () => Asker;
  readonly convex: ConvexHttpClient;
}

/** Sequential questions, in turn of the process tier, of the host tier, and one to Convex itself. */
export async function askOneByOne({ warm, fresh, convex }: HitAskers, part: HitPart): Promise<HitPartAnswer> {
  const lag = new LoopLag();
  const [processMs, hostMs, convexMs] = [[] as number[], [] as number[], [] as number[]];
  let [wrong, compared] = [0, 0];
  await Promise.all(part.queries.map((query) => warm.search(query)));
  for (let round = 0; round < part.rounds; round++) {
    const query = part.queries[round % part.queries.length];
    if (query === undefined) throw new Error('no questions');
    const { passages: truth, ms } = await timed(() => searchConvex(convex, query.organizationId, query.text));
    convexMs.push(ms);
    const asker = fresh();
    await lag.during(async () => {
      for (const asked of part.queries) {
        const [fromProcess, fromHost] = [await timed(() => warm.search(asked)), await timed(() => asker.search(asked))];
        processMs.push(fromProcess.ms);
        hostMs.push(fromHost.ms);
        if (asked !== query) continue;
        const wanted = fingerprintOf(truth);
        compared += 2;
        wrong += [fromProcess, fromHost].filter(({ passages }) => fingerprintOf(passages) !== wanted).length;
      }
    });
    await asker.close();
  }
  return { processMs, hostMs, convexMs, wrong, compared, lagMs: lag.distribution().max };
}

async function timed<T>(search: () => Promise<T>): Promise<{ readonly passages: T; readonly ms: number }> {
  const startedMs = monotonicMs();
  const passages = await search();
  return { passages, ms: monotonicMs() - startedMs };
}
