import type { Reads } from './reading.ts';
import { READ_FIELDS } from './reading.ts';
import type { Update } from './update.ts';

/** From when on reads of an agent must have an edition, and until when they count as compared with it. */
export interface Due {
  readonly agent: number;
  readonly edition: number;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** What the reads of one process, or of all, say. */
export interface Verdict {
  readonly reads: number;
  /** Begun while an edition of their agent was due. */
  readonly compared: number;
  /** Begun later than an edition was due, and older. */
  readonly old: number;
}

interface Read {
  readonly edition: number;
  readonly startedMs: number;
}

/** Compares each read with what was due when it began. @param isMeant which reads count, by when they began. @default all */
export function judge(
  reads: Reads,
  dues: readonly Due[],
  isMeant: (startedMs: number) => boolean = () => true,
): Verdict {
  let [counted, compared, old] = [0, 0, 0];
  const byAgent = Map.groupBy(dues, ({ agent }) => agent);
  for (const [agent, own] of readsByAgent(reads)) {
    const ordered = (byAgent.get(agent) ?? []).toSorted((a, b) => a.fromMs - b.fromMs);
    let [next, wanted, untilMs] = [0, 0, Number.NEGATIVE_INFINITY];
    for (const { edition, startedMs } of own) {
      if (!isMeant(startedMs)) continue;
      counted++;
      for (let due = ordered[next]; due !== undefined && due.fromMs < startedMs; due = ordered[++next]) {
        wanted = Math.max(wanted, due.edition);
        untilMs = Math.max(untilMs, due.untilMs);
      }
      const isOld = edition < wanted;
      if (isOld) old++;
      if (isOld || startedMs <= untilMs) compared++;
    }
  }
  return { reads: counted, compared, old };
}

/**
 * How long after each update's reply the last read of these processes began that was older; 0 when none was. Updates that
 * nobody has read before and after are left out.
 */
export function freshAfterMs(all: readonly Reads[], updates: readonly Update[]): number[] {
  const processes = all.map((reads) => lastReadOfEditions(reads));
  return updates.flatMap(({ agent, edition, repliedMs }) => {
    const seen = processes.flatMap((agents) => {
      const own = agents.get(agent);
      return own !== undefined && own.firstMs < repliedMs && own.lastMs > repliedMs ? [own] : [];
    });
    if (seen.length === 0) return [];
    const last = Math.max(...seen.map(({ lastOfMs }) => lastOlder(lastOfMs, edition)));
    return [Math.max(0, last - repliedMs)];
  });
}

interface Seen {
  /** Begin of the last read of each edition. */
  readonly lastOfMs: Map<number, number>;
  firstMs: number;
  lastMs: number;
}

function lastReadOfEditions(reads: Reads): Map<number, Seen> {
  return new Map(
    [...readsByAgent(reads)].map(([agent, own]) => {
      const lastOfMs = new Map(own.map(({ edition, startedMs }) => [edition, startedMs]));
      return [agent, { lastOfMs, firstMs: own[0]?.startedMs ?? 0, lastMs: own.at(-1)?.startedMs ?? 0 }];
    }),
  );
}

function lastOlder(lastOfMs: ReadonlyMap<number, number>, edition: number): number {
  let last = 0;
  for (const [served, ms] of lastOfMs) if (served < edition && ms > last) last = ms;
  return last;
}

/** In the order in which they began; they were noted in that in which they ended. */
function readsByAgent(reads: Reads): Map<number, Read[]> {
  const byAgent = new Map<number, Read[]>();
  for (let index = 0; index < reads.length; index += READ_FIELDS) {
    const [agent = 0, edition = 0, startedMs = 0] = reads.subarray(index, index + READ_FIELDS);
    const own = byAgent.get(agent);
    if (own === undefined) byAgent.set(agent, [{ edition, startedMs }]);
    else own.push({ edition, startedMs });
  }
  for (const own of byAgent.values()) own.sort((a, b) => a.startedMs - b.startedMs);
  return byAgent;
}

/** The verdicts of several processes in one. */
export function together(verdicts: readonly Verdict[]): Verdict {
  return verdicts.reduce(
    (all, { reads, compared, old }) => ({
      reads: all.reads + reads,
      compared: all.compared + compared,
      old: all.old + old,
    }),
    { reads: 0, compared: 0, old: 0 },
  );
}
