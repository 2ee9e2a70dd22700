import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { splitSentences } from '@warmline/sentences';
import { z } from 'zod';
import type { Dialogue } from './workload/dialogue.ts';
import { shippedWorkload } from './workload/shipped-workload.ts';

/** Dialogues from one source. */
export interface Dataset {
  readonly name: string;
  readonly dialogues: readonly Dialogue[];
}

/** The user gave something that cannot be used: exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const line = z.object({ dialog: z.string(), agent: z.string(), turns: z.array(z.string()) });

/** The workload that comes with the bench, as one dataset a language. */
export function shippedDatasets(): Dataset[] {
  const byAgent = Map.groupBy(shippedWorkload, ({ agent }) => agent.split('-').slice(1).join('-') || agent);
  return [...byAgent].map(([name, dialogues]) => ({ name: `shipped-${name}`, dialogues }));
}

/** Agents' turns from all `agent-turns-*.jsonl` files of a folder. @throws UsageError naming file, line and what is wrong */
export async function readDatasets(folder: string): Promise<Dataset[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw new UsageError(`--data ${folder}: ${error instanceof Error ? error.message : String(error)}`);
  });
  const files = names.filter((name) => name.startsWith('agent-turns-') && name.endsWith('.jsonl')).toSorted();
  if (files.length === 0) throw new UsageError(`--data ${folder}: no file named agent-turns-*.jsonl`);
  return Promise.all(files.map((file) => readDataset(join(folder, file))));
}

async function readDataset(path: string): Promise<Dataset> {
  const language = basename(path).includes('-hi') ? 'hi-IN' : 'en-IN';
  const lines = (await readFile(path, 'utf8')).split('\n').filter((text) => text.trim() !== '');
  const dialogues = lines.map((text, index) => {
    try {
      return { ...line.parse(JSON.parse(text)), language } as const;
    } catch (error) {
      throw new UsageError(`${path}:${index + 1}: ${error instanceof Error ? error.message : String(error)}`);
    }
  });
  return { name: basename(path, '.jsonl').replace(/^agent-turns-/u, ''), dialogues };
}

/** Whole dialogues in an order given by the seed, until they hold at least `sentences` sentences. */
export function sample(dataset: Dataset, sentences: number, seed: number): Dataset {
  const order = (dialogue: Dialogue): string => createHash('sha256').update(`${seed}/${dialogue.dialog}`).digest('hex');
  const shuffled = dataset.dialogues
    .map((dialogue) => ({ dialogue, rank: order(dialogue) }))
    .toSorted((a, b) => (a.rank < b.rank ? -1 : 1));
  const chosen: Dialogue[] = [];
  let count = 0;
  for (const { dialogue } of shuffled) {
    if (count >= sentences) break;
    chosen.push(dialogue);
    count += dialogue.turns.reduce((sum, turn) => sum + splitSentences(turn).length, 0);
  }
  return { name: dataset.name, dialogues: chosen };
}
