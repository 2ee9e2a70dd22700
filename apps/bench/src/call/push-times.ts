import type { tts } from '@livekit/agents';
import { createSentenceSplitter, isSpeakable } from '@warmline/sentences';

/** When each speakable sentence of a reply became complete at the TTS's input. */
export interface PushTimes {
  /** The times of the reply since the last call, in the order of its sentences. */
  take(): readonly number[];
}

/**
 * Watches the text that LiveKit pushes into the streams of a TTS. A sentence is complete with the push after which a
 * splitter knows its end; the last one with the last push, although its end is known only when the input ends.
 */
export function watchPushes(target: tts.TTS): PushTimes {
  let times: number[] = [];
  const open = target.stream.bind(target);
  target.stream = (options) => {
    const stream = open(options);
    const splitter = createSentenceSplitter();
    let pushedMs = 0;
    const note = (sentences: readonly string[]): void => {
      for (const sentence of sentences) if (isSpeakable(sentence)) times.push(pushedMs);
    };
    const push = stream.pushText.bind(stream);
    stream.pushText = (text) => {
      pushedMs = performance.now();
      note(splitter.push(text));
      push(text);
    };
    const end = stream.endInput.bind(stream);
    stream.endInput = () => {
      note(splitter.flush());
      end();
    };
    return stream;
  };
  return {
    take: () => {
      const taken = times;
      times = [];
      return taken;
    },
  };
}
