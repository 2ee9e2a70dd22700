import { playableRange } from './edge-silence.ts';
import type { Speech, TimedText } from './speech.ts';

/**
 * Cuts audio of several sentences, spoken as one, into sentences by the provider's word timings: each border lies in the
 * middle of the pause, so that spliced sentences later keep the pauses of the voice.
 * @returns `undefined` when the words are not exactly the text, a word crosses a border, or the times do not rise.
 */
export function cutRun(
  audio: Pick<Speech, 'samples' | 'sampleRate' | 'channels'>,
  words: readonly TimedText[],
  sentences: readonly string[],
): readonly Speech[] | undefined {
  const groups = groupBySentence(words, sentences);
  if (groups === undefined) return undefined;
  const { samples, sampleRate, channels } = audio;
  const frames = samples.length / channels;
  const borders = [0];
  for (const [index, group] of groups.entries()) {
    const next = groups[index + 1]?.[0];
    if (next === undefined) break;
    const last = group.at(-1);
    const pauseFromMs = last?.endMs ?? last?.startMs;
    if (pauseFromMs === undefined || next.startMs < pauseFromMs) return undefined;
    borders.push(Math.round((((pauseFromMs + next.startMs) / 2) * sampleRate) / 1000));
  }
  borders.push(frames);
  if (borders.some((border, index) => index > 0 && border <= (borders[index - 1] ?? 0))) return undefined;
  return groups.map((group, index) => {
    const [from, to] = [borders[index] ?? 0, borders[index + 1] ?? frames];
    const own = samples.slice(from * channels, to * channels);
    const fromMs = (from / sampleRate) * 1000;
    return {
      sampleRate,
      channels,
      samples: own,
      ...playableRange(own, sampleRate, channels),
      words: group.map(({ text, startMs, endMs }) => ({
        text,
        startMs: Math.max(0, startMs - fromMs),
        ...(endMs === undefined ? {} : { endMs: endMs - fromMs }),
      })),
    };
  });
}

/** Words per sentence, when the words are the sentences' characters, all of them and in order, white space aside. */
function groupBySentence(words: readonly TimedText[], sentences: readonly string[]): TimedText[][] | undefined {
  const rest = [...words];
  const groups = sentences.map((sentence) => {
    let wanted = compact(sentence);
    const group: TimedText[] = [];
    while (wanted !== '') {
      const word = rest.shift();
      if (word === undefined || !wanted.startsWith(compact(word.text))) return undefined;
      wanted = wanted.slice(compact(word.text).length);
      group.push(word);
    }
    return group;
  });
  if (rest.some((word) => compact(word.text) !== '')) return undefined;
  return groups.every((group) => group !== undefined) ? groups : undefined;
}

function compact(text: string): string {
  return text.normalize('NFC').replace(/\s+/gu, '');
}
