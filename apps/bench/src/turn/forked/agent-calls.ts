import { splitSentences } from '@warmline/sentences';
import { admitPhrase } from '@warmline/tts-cache';
import type { Dialogue } from '../../workload/dialogue.ts';
import { shippedWorkload } from '../../workload/shipped-workload.ts';

/** Calls of one agent, in the order in which they come. */
export interface AgentCalls {
  readonly agent: string;
  readonly dialogues: readonly Dialogue[];
  /** How many of them are different; the others repeat these in the same order. */
  readonly scripts: number;
  /** Calls at whose end a turn is said once more. */
  readonly asksAgain: number;
  /** Whether their text may be printed: that of others is not ours to show. */
  readonly isOurs: boolean;
}

/** Calls of the agent that has the most to say. When its dialogues are too few, later calls repeat earlier ones. */
export function callsOfOneAgent(dialogues: readonly Dialogue[], count: number): AgentCalls {
  const agents = [...Map.groupBy(dialogues, ({ agent }) => agent)].map(([agent, all]) => {
    const scripts = all.slice(0, count);
    return { agent, scripts, turns: scripts.reduce((sum, { turns }) => sum + turns.length, 0) };
  });
  const { agent, scripts } = agents.toSorted((a, b) => b.turns - a.turns)[0] ?? { agent: 'nobody', scripts: [] };
  return {
    agent,
    dialogues: repeated(scripts.map(asTheCallerAsksAgain), count),
    scripts: scripts.length,
    asksAgain: repeated(scripts, count).filter((dialogue) => repeatable(dialogue) !== undefined).length,
    isOurs: scripts.every((dialogue) => shippedWorkload.includes(dialogue)),
  };
}

/** So many dialogues, from the beginning again when there are too few. */
export function repeated(dialogues: readonly Dialogue[], count: number): readonly Dialogue[] {
  return Array.from({ length: count }, (_, index) => dialogues[index % dialogues.length]).filter(
    (dialogue) => dialogue !== undefined,
  );
}

/** A turn is said once more at the end: real calls have such turns, and they are this process's own hits. */
function asTheCallerAsksAgain(dialogue: Dialogue): Dialogue {
  const again = repeatable(dialogue);
  return again === undefined ? dialogue : { ...dialogue, turns: [...dialogue.turns, again] };
}

/** The first turn whose first sentence may be stored. */
function repeatable({ turns }: Dialogue): string | undefined {
  return turns.find((turn) => admitPhrase(splitSentences(turn)[0] ?? ''));
}
