import { setTimeout as sleep } from 'node:timers/promises';
import type { KnowledgeQuery } from '@warmline/knowledge';
import { LoopLag } from '../hot-path/event-loop.ts';
import { monotonicMs } from '../processes/monotonic.ts';
import type { Asker } from './asker.ts';
import { fingerprintOf } from './stage.ts';

/** A part of a crowd: the askers of one process. */
export interface CrowdPart {
  readonly query: KnowledgeQuery;
  readonly askers: number;
  readonly startAtMs: number;
  /** Sabotage: one asker is given nothing. */
  readonly wrongPassages: boolean;
}

/** What became of it. */
export interface CrowdPartAnswer {
  /** From each asker's call to his passages. */
  readonly waitsMs: readonly number[];
  /** What the askers were given: how often which passages. */
  readonly given: ReadonlyMap<string, number>;
  readonly rejected: number;
  readonly lagMs: number;
}

/** All ask at once. */
export async function askTogether(asker: Asker, part: CrowdPart): Promise<CrowdPartAnswer> {
  let rejected = 0;
  const [waitsMs, given] = [[] as number[], new Map<string, number>()];
  const ask = async (index: number): Promise<void> => {
    const startedMs = monotonicMs();
    try {
      const passages = await asker.search(part.query);
      waitsMs.push(monotonicMs() - startedMs);
      const fingerprint = fingerprintOf(part.wrongPassages && index === 0 ? [] : passages);
      given.set(fingerprint, (given.get(fingerprint) ?? 0) + 1);
    } catch {
      rejected++;
    }
  };
  const lag = new LoopLag();
  await sleep(Math.max(0, part.startAtMs - monotonicMs()));
  await lag.during(() => Promise.all(Array.from({ length: part.askers }, (_, index) => ask(index))));
  return { waitsMs, given, rejected, lagMs: lag.distribution().max };
}
