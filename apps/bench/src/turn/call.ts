import { createHash } from 'node:crypto';
import { voice } from '@livekit/agents';
import type { tts } from '@livekit/agents';
import { isSpeakable, splitSentences } from '@warmline/sentences';
import type { PhraseEvent } from '@warmline/tts-cache';
import type { Metrics } from '../scenario.ts';
import type { Dialogue } from '../workload/dialogue.ts';
import type { PlayedFrame } from './memory-output.ts';
import { MemoryOutput } from './memory-output.ts';
import { ScriptedLlm } from './scripted-llm.ts';

/** A TTS for one call, and what it told about the sentences of the turn. */
export interface CallVoice {
  readonly tts: tts.TTS;
  /** The events since the last call, where the TTS is wrapped by the cache. */
  takeEvents(): readonly PhraseEvent[];
  close(): Promise<void>;
}

/** One sentence as it was heard. */
export interface HeardSentence {
  readonly text: string;
  readonly language: string;
  readonly source: 'stored' | 'shared' | 'recorded';
  readonly billedChars: number;
  readonly bytes: number;
  readonly sha256: string;
}

/** One turn as it was heard. */
export interface HeardTurn {
  readonly language: string;
  readonly expected: readonly string[];
  /** Empty without a cache: only the cache tells where one sentence ends. */
  readonly sentences: readonly HeardSentence[];
  /** From the push that completed the first sentence to the first frame at the output; `undefined` when nothing was heard. */
  readonly firstAudioMs: number | undefined;
  /** Between two sentences that both came from the cache: from the moment both were there. */
  readonly hitGapsMs: readonly number[];
  /** Samples that no sentence accounts for. */
  readonly strayBytes: number;
}

const BYTES_A_SAMPLE = 2;
const PLAYBACK_SPEED = 40;

/** The settings of a call that are not a user's defaults. */
export const CALL_OVERRIDES: Metrics = { playback_speed: PLAYBACK_SPEED, llm_token_ms: 4 };

/** A caller's side of one dialogue: a real AgentSession without a room, its reply written by a scripted LLM. */
export async function speakDialogue(
  dialogue: Dialogue,
  callVoice: CallVoice,
  onTurn: (turn: HeardTurn) => void,
): Promise<void> {
  const model = new ScriptedLlm();
  const output = new MemoryOutput(callVoice.tts.sampleRate, PLAYBACK_SPEED);
  const session = new voice.AgentSession({
    llm: model,
    tts: callVoice.tts,
    vad: null,
    turnHandling: { turnDetection: null },
  });
  session.output.audio = output;
  await session.start({ agent: new voice.Agent({ instructions: 'Speak the script.' }) });
  try {
    for (const text of dialogue.turns) {
      model.text = text;
      output.takeFrames();
      callVoice.takeEvents();
      await session.run({ userInput: 'go on' }).wait();
      onTurn(
        heard(
          callVoice.tts.sampleRate,
          text,
          dialogue.language,
          model.completedMs,
          output.takeFrames(),
          callVoice.takeEvents(),
        ),
      );
    }
  } finally {
    await session.close();
  }
}

/** What one sentence is called in the ledger and in the bench: NFC, white space folded. */
export function spokenForm(sentence: string): string {
  return sentence.toWellFormed().normalize('NFC').replace(/\s+/gu, ' ').trim();
}

function heard(
  sampleRate: number,
  text: string,
  language: string,
  completedMs: readonly number[],
  frames: readonly PlayedFrame[],
  events: readonly PhraseEvent[],
): HeardTurn {
  const expected = splitSentences(text).filter(isSpeakable).map(spokenForm);
  const spoken = events.filter((event) => event.type === 'speech');
  const pcm = Buffer.concat(
    frames.map(({ samples }) => Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)),
  );
  const sentences: HeardSentence[] = [];
  const hitGapsMs: number[] = [];
  let at = 0;
  for (const [index, event] of spoken.entries()) {
    const bytes = Math.round((event.audioMs * sampleRate) / 1000) * BYTES_A_SAMPLE;
    const own = pcm.subarray(at, at + bytes);
    if (index > 0 && event.source === 'stored' && spoken[index - 1]?.source === 'stored') {
      hitGapsMs.push(gapMs(frames, at, completedMs[index] ?? 0));
    }
    sentences.push({
      text: expected[index] ?? '',
      language,
      source: event.source,
      billedChars: event.billedChars,
      bytes: own.length,
      sha256: createHash('sha256').update(own).digest('hex'),
    });
    at += bytes;
  }
  const [first] = frames;
  const firstAudioMs = first === undefined ? undefined : first.atMs - (completedMs[0] ?? 0);
  return {
    language,
    expected,
    sentences,
    firstAudioMs,
    hitGapsMs,
    strayBytes: spoken.length === 0 ? 0 : pcm.length - at,
  };
}

/** From the moment the sentence before was handed over and this one was complete to its first frame. */
function gapMs(frames: readonly PlayedFrame[], startByte: number, completedMs: number): number {
  let at = 0;
  let before = 0;
  for (const frame of frames) {
    if (at >= startByte) return frame.atMs - Math.max(before, completedMs);
    at += frame.samples.byteLength;
    before = frame.atMs;
  }
  return 0;
}
