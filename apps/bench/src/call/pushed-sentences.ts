import type { tts } from '@livekit/agents';
import { createSentenceSplitter, isSpeakable } from '@warmline/sentences';

/** A sentence at the TTS's input, after LiveKit's text transforms. */
export interface PushedSentence {
  readonly text: string;
  /** When the push came that completed it. */
  readonly atMs: number;
}

/** What was pushed into a TTS. */
export interface Pushes {
  /** The speakable sentences since the last call, in order. */
  take(): readonly PushedSentence[];
}

/**
 * Watches the text that LiveKit pushes into the streams of a TTS. A sentence is complete with the push after which a
 * splitter knows its end; the last one with the last push, although its end is known only when the input ends.
 */
export function watchPushes(target: tts.TTS): Pushes {
  let pushed: PushedSentence[] = [];
  const open = target.stream.bind(target);
  target.stream = (options) => {
    const stream = open(options);
    const splitter = createSentenceSplitter();
    let pushedMs = 0;
    const note = (sentences: readonly string[]): void => {
      for (const text of sentences) if (isSpeakable(text)) pushed.push({ text, atMs: pushedMs });
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
      const taken = pushed;
      pushed = [];
      return taken;
    },
  };
}
