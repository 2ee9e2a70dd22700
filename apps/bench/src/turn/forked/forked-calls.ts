import type { Progress } from '../../progress.ts';
import type { Dialogue } from '../../workload/dialogue.ts';
import type { CallAnswer, EndAnswer } from './call-child.ts';
import type { ReadyProcesses } from './ready-processes.ts';

/** One call in a process of its own. */
export interface ForkedCall extends CallAnswer, EndAnswer {
  readonly dialogue: Dialogue;
  readonly readyMs: number;
}

/** @see speakForked */
export interface ForkedPlan {
  readonly name: string;
  readonly dialogues: readonly Dialogue[];
  /** Calls that speak at the same time. 1: a call begins when the one before has ended, and all that it spoke is stored. */
  readonly atOnce: number;
  /** No call ends before all have spoken. @default each ends when it has spoken */
  readonly staysOpen?: boolean;
  readonly ready: ReadyProcesses;
}

/** Speaks each dialogue in a forked process, in their order. */
export async function speakForked(
  { name, dialogues, atOnce, staysOpen = false, ready }: ForkedPlan,
  progress: Progress,
): Promise<readonly ForkedCall[]> {
  const waiting = [...dialogues.entries()];
  const calls: ForkedCall[] = [];
  const endings: (() => Promise<void>)[] = [];
  const exits: Promise<void>[] = [];
  const line = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, dialogue] = next;
      const { child, readyMs } = await ready.take();
      const answer = await child.ask('speak', dialogue);
      const end = async (): Promise<void> => {
        calls[index] = { ...answer, ...(await child.ask('end', undefined)), dialogue, readyMs };
        exits.push(child.close());
      };
      if (staysOpen) endings.push(end);
      else await end();
      progress.update(`turn · ${name} · ${dialogues.length - waiting.length} of ${dialogues.length} processes`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, line));
  await Promise.all(endings.map((end) => end()));
  await Promise.all(exits);
  return calls;
}
