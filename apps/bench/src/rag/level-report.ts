import type { ScenarioResult } from '../scenario.ts';
import { percent, table } from '../tables.ts';
import type { LevelCounts, LevelsResult } from './levels.ts';
import { LEVELS } from './levels.ts';
import { wrapped } from './wrapped.ts';

type Section = ScenarioResult['sections'][number];

export function levelSections(result: LevelsResult): Section[] {
  const { sets, pooled, utterances, mustDiffer, mustShare, context } = result;
  return [
    {
      title: wrapped(
        '4. Labelled questions, one behind another into a cache that forgets nothing, in an order that the seed ' +
          'gives. False: answered with the passages of a question with another label. Free speech hardly repeats ' +
          'itself to the letter: expect a few per cent of hits, unless questions come from a list (rows of part 5). ' +
          'Labels of calls are what a turn does, not what it asks for: their false hits say little. What comes with ' +
          'the bench was written for it and shows what is kept apart, not how often callers repeat themselves.',
      ),
      body: table(
        ['', 'questions', ...LEVELS.flatMap((level) => [level, 'false'])],
        [
          ...sets.map(({ name, counts }) => rowOf(name, counts)),
          ...(utterances.exact.asked === pooled.exact.asked ? [] : [rowOf('all but calls', utterances)]),
          rowOf('all', pooled),
        ],
      ),
    },
    {
      title: wrapped(
        'The same words, another question. Follow-ups must be sent with their context: in real dialogues (DSTC11, ' +
          'MultiWOZ) 85 % of 271 questions that repeated an earlier one to the letter had another answer. No level ' +
          'can know that.',
      ),
      body: table(
        ['', 'tried', 'shared a search', 'wrongly'],
        [
          ['pairs that must differ, at 3 levels', mustDiffer.tried, mustDiffer.shared.length, mustDiffer.shared.length],
          ['pairs that must share, default level', mustShare.tried, mustShare.tried - mustShare.missed.length, '–'],
          ['follow-ups as they are said', context.said.asked, context.said.hits, context.said.falseHits],
          [
            'the same, with their context',
            context.contextualised.asked,
            context.contextualised.hits,
            context.contextualised.falseHits,
          ],
        ],
      ),
    },
  ];
}

function rowOf(name: string, counts: LevelCounts): (string | number)[] {
  const cells = LEVELS.flatMap((level) => {
    const { asked, hits, falseHits } = counts[level];
    return [percent(hits, asked), `${falseHits} (${percentOf(falseHits, asked)})`];
  });
  return [name, counts.exact.asked, ...cells];
}

/** Of few: with two digits. */
function percentOf(part: number, whole: number): string {
  return `${((100 * part) / Math.max(1, whole)).toFixed(2)} %`;
}
