import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../../dataset.ts';
import type { LabelledQuestion } from './labelled-question.ts';
import type { QuestionSet } from './shipped-questions.ts';

const row = z.union([
  z.object({ domain: z.string(), turns: z.array(z.object({ intent: z.string(), text: z.string() })) }),
  z.object({ intent: z.string(), slots: z.string().default(''), domain: z.string().default(''), text: z.string() }),
]);

/** All `utterances-*.jsonl` and `calls-*.jsonl` of a folder. @throws UsageError naming file, line and what is wrong */
export async function readQuestions(folder: string): Promise<QuestionSet[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw new UsageError(`--data ${folder}: ${error instanceof Error ? error.message : String(error)}`);
  });
  const files = names.filter((name) => /^(?:utterances|calls)-.*\.jsonl$/u.test(name)).toSorted();
  if (files.length === 0) throw new UsageError(`--data ${folder}: no file named utterances-*.jsonl or calls-*.jsonl`);
  return Promise.all(files.map((file) => readSet(join(folder, file))));
}

/** In an order that the seed gives; the turns of a call stay one behind another no more than other questions. */
export function shuffled(questions: readonly LabelledQuestion[], seed: number): LabelledQuestion[] {
  const rankOf = (index: number): string => createHash('sha256').update(`${seed}/${index}`).digest('hex');
  return questions
    .map((question, index) => ({ question, rank: rankOf(index) }))
    .toSorted((a, b) => (a.rank < b.rank ? -1 : 1))
    .map(({ question }) => question);
}

async function readSet(path: string): Promise<QuestionSet> {
  const lines = (await readFile(path, 'utf8')).split('\n').filter((text) => text.trim() !== '');
  const questions = lines.flatMap((text, index) => {
    try {
      return questionsOf(row.parse(JSON.parse(text)));
    } catch (error) {
      throw new UsageError(`${path}:${index + 1}: ${error instanceof Error ? error.message : String(error)}`);
    }
  });
  return { name: basename(path, '.jsonl').replace(/\.dev$/u, ''), questions };
}

function questionsOf(value: z.infer<typeof row>): LabelledQuestion[] {
  const scope = value.domain === '' ? 'one' : value.domain;
  if ('turns' in value) return value.turns.map(({ intent, text }) => ({ text, label: intent, scope })).filter(isAsked);
  return [{ text: value.text, label: `${value.intent} ${value.slots}`, scope }].filter(isAsked);
}

function isAsked({ text }: LabelledQuestion): boolean {
  return text.trim() !== '';
}
