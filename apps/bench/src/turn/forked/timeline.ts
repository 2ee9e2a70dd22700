import type { ScenarioResult } from '../../scenario.ts';
import { table } from '../../tables.ts';
import { digits } from '../../targets.ts';
import { sentencesOf, spokenBy } from './figures.ts';
import type { ForkedCall } from './forked-calls.ts';
import type { ForkedMeasurement } from './measurement.ts';

const TENTH = 10;
const TEXT_SHOWN = 48;

/** The first and the tenth call of an agent on a machine that was empty: sentence by sentence. */
export function timelines({ calls: { agent, isOurs }, fresh }: ForkedMeasurement): ScenarioResult['sections'] {
  const last = Math.min(TENTH, fresh.calls.length);
  return [1, last].flatMap((number) => {
    const call = fresh.calls[number - 1];
    const title = `Call ${number} of agent ${agent} on the machine, pid ${call?.pid}: sentence by sentence`;
    return call === undefined ? [] : [{ title, body: timeline(call, isOurs) }];
  });
}

function timeline(call: ForkedCall, showsText: boolean): string {
  return table(
    [showsText ? 'sentence' : 'sentence (not shown)', 'characters', 'ms', 'from', 'first audio ms', 'billed'],
    sentencesOf([call]).map((sentence) => {
      const { text, atMs, waitedMs, billedChars } = sentence;
      const atCallMs = Math.round(atMs - call.startedMs);
      return [showsText ? cut(text) : '', text.length, atCallMs, spokenBy(sentence), digits(waitedMs), billedChars];
    }),
  );
}

function cut(text: string): string {
  const letters = [...new Intl.Segmenter('hi', { granularity: 'grapheme' }).segment(text)];
  if (letters.length <= TEXT_SHOWN) return text;
  return `${letters
    .slice(0, TEXT_SHOWN - 1)
    .map(({ segment }) => segment)
    .join('')}…`;
}
