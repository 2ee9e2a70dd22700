import type { QuestionLevel } from '@warmline/knowledge';
import { VoiceKnowledgeService } from '@warmline/knowledge';
import { addUp } from '../add-up.ts';
import type { Asker } from './asker.ts';
import type { LabelledQuestion } from './questions/labelled-question.ts';
import { FOLLOW_UPS, MUST_DIFFER, MUST_SHARE } from './questions/pairs.ts';
import type { Pair } from './questions/pairs.ts';
import { shuffled } from './questions/read-questions.ts';
import type { QuestionSet } from './questions/shipped-questions.ts';
import { withoutNumbers } from './sabotage.ts';
import { queryOf } from './stage.ts';

export const LEVELS: readonly QuestionLevel[] = ['exact', 'normalised', 'strong'];
export const DEFAULT_LEVEL: QuestionLevel = 'normalised';

/** A stream of questions into one cache that forgets nothing. */
export interface LevelCount {
  readonly asked: number;
  /** Answered without a search. */
  readonly hits: number;
  /** Answered with the passages of a question with another label. */
  readonly falseHits: number;
}

/** Counts of all levels. */
export type LevelCounts = Readonly<Record<QuestionLevel, LevelCount>>;

/** @see measureLevels */
export interface LevelsResult {
  readonly sets: readonly { readonly name: string; readonly counts: LevelCounts }[];
  /** All sets together; each has a cache of its own. */
  readonly pooled: LevelCounts;
  /** Those of them that are questions, and not all that was said in a call. */
  readonly utterances: LevelCounts;
  /** Pairs that must never share a search, at each level, and those that did. */
  readonly mustDiffer: { readonly tried: number; readonly shared: readonly string[] };
  /** Pairs that must share one at the default level, and those that did not. */
  readonly mustShare: { readonly tried: number; readonly missed: readonly string[] };
  /** The same follow-ups as they were said and as a tool call should say them. */
  readonly context: { readonly said: LevelCount; readonly contextualised: LevelCount };
}

/** @see measureLevels */
export interface LevelsPlan {
  readonly sets: readonly QuestionSet[];
  readonly seed: number;
  readonly sabotage: string | undefined;
}

/** What is counted is what the source was asked, not what the cache says of itself. */
export async function measureLevels({ sets, seed, sabotage }: LevelsPlan): Promise<LevelsResult> {
  const counted: { readonly name: string; readonly counts: LevelCounts }[] = [];
  for (const { name, questions } of sets) {
    const order = shuffled(questions, seed);
    counted.push({ name, counts: await byLevel((level) => stream(order, level, sabotage)) });
  }
  const shared: string[] = [];
  for (const level of LEVELS) {
    for (const pair of await sharing(MUST_DIFFER, level, sabotage)) shared.push(`${level}: ${pair.join(' | ')}`);
  }
  const sharingByDefault = await sharing(MUST_SHARE, DEFAULT_LEVEL, sabotage);
  const missed = MUST_SHARE.filter((pair) => !sharingByDefault.includes(pair));
  const followUps = (form: 'said' | 'contextualised'): Promise<LevelCount> =>
    stream(
      FOLLOW_UPS.map((followUp) => ({ text: followUp[form], label: followUp.label, scope: 'one' })),
      DEFAULT_LEVEL,
      sabotage,
    );
  return {
    sets: counted,
    pooled: poolOf(counted),
    utterances: poolOf(counted.filter(({ name }) => !name.startsWith('calls-'))),
    mustDiffer: { tried: MUST_DIFFER.length * LEVELS.length, shared },
    mustShare: { tried: MUST_SHARE.length, missed: missed.map((pair) => pair.join(' | ')) },
    context: { said: await followUps('said'), contextualised: await followUps('contextualised') },
  };
}

function poolOf(sets: LevelsResult['sets']): LevelCounts {
  const pool = (level: QuestionLevel): LevelCount => {
    const counts = sets.map((set) => set.counts[level]);
    return addUp(NOTHING, counts);
  };
  return { exact: pool('exact'), normalised: pool('normalised'), strong: pool('strong') };
}

const NOTHING: LevelCount = { asked: 0, hits: 0, falseHits: 0 };

async function byLevel(count: (level: QuestionLevel) => Promise<LevelCount>): Promise<LevelCounts> {
  return { exact: await count('exact'), normalised: await count('normalised'), strong: await count('strong') };
}

/** One question after the other. */
async function stream(
  questions: readonly LabelledQuestion[],
  level: QuestionLevel,
  sabotage: string | undefined,
): Promise<LevelCount> {
  const known = new Known(level, sabotage);
  let [hits, falseHits] = [0, 0];
  for (const question of questions) {
    const { isHit, label } = await known.ask(question);
    if (isHit) hits++;
    if (label !== question.label) falseHits++;
  }
  await known.close();
  return { asked: questions.length, hits, falseHits };
}

/** @returns those pairs whose second question was answered by the search of the first. */
async function sharing(pairs: readonly Pair[], level: QuestionLevel, sabotage: string | undefined): Promise<Pair[]> {
  const known = new Known(level, sabotage);
  const shared: Pair[] = [];
  for (const [index, pair] of pairs.entries()) {
    const [first, second] = pair.map((text) => ({ text, label: text, scope: `pair ${index}` }));
    if (first === undefined || second === undefined) throw new Error('a pair has two');
    await known.ask(first);
    if ((await known.ask(second)).isHit) shared.push(pair);
  }
  await known.close();
  return shared;
}

const ROOM_BYTES = 2 ** 28;

/** A knowledge service over a source that knows a question's label. */
class Known {
  readonly #service: Asker;
  readonly #sabotage: string | undefined;
  #searches = 0;
  #label = '';

  constructor(level: QuestionLevel, sabotage: string | undefined) {
    this.#sabotage = sabotage;
    const search = () => {
      this.#searches++;
      return Promise.resolve([{ id: this.#label, text: this.#label, score: 1 }]);
    };
    this.#service = new VoiceKnowledgeService({ level, source: { search }, maxBytes: ROOM_BYTES });
  }

  /** @returns whether it was answered without a search, and the label of the question that was searched for. */
  async ask({ text, label, scope }: LabelledQuestion): Promise<{ readonly isHit: boolean; readonly label: string }> {
    const before = this.#searches;
    this.#label = label;
    const query = queryOf(scope, text);
    const [passage] = await this.#service.search(this.#sabotage === 'loose-key' ? withoutNumbers(query) : query);
    return { isHit: this.#searches === before, label: passage?.id ?? '' };
  }

  close(): Promise<void> {
    return this.#service.close();
  }
}
