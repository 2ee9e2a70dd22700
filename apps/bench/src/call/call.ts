import { webcrypto } from 'node:crypto';
import { voice } from '@livekit/agents';
import type { tts } from '@livekit/agents';
import type { PhraseEvent } from '@warmline/tts-cache';
import type { Facts } from '../scenario.ts';
import type { Dialogue } from '../workload/dialogue.ts';
import type { PlayedFrame } from './memory-output.ts';
import { MemoryOutput } from './memory-output.ts';
import type { PushedSentence } from './pushed-sentences.ts';
import { watchPushes } from './pushed-sentences.ts';
import { ScriptedLlm, TOKEN_MS } from './scripted-llm.ts';

/** A TTS for one call, and what it told about the sentences of the turn. */
export interface CallVoice {
  readonly tts: tts.TTS;
  /** The events since the last call, where the TTS is wrapped by the cache. */
  takeEvents(): readonly PhraseEvent[];
  close(): Promise<void>;
}

/** @param wrap puts the cache around a TTS, and has it tell its events. */
export function callVoice(wrap: (onEvent: (event: PhraseEvent) => void) => tts.TTS): CallVoice {
  let events: PhraseEvent[] = [];
  const wrapped = wrap((event) => events.push(event));
  return {
    tts: wrapped,
    takeEvents: () => {
      const taken = events;
      events = [];
      return taken;
    },
    close: () => wrapped.close(),
  };
}

/** One sentence as it was heard. */
export interface HeardSentence {
  readonly text: string;
  readonly language: string;
  readonly source: 'stored' | 'shared' | 'recorded';
  /** Which tier had it; `undefined` unless `stored`. */
  readonly tier: string | undefined;
  /** Characters that the provider was given on behalf of this call. */
  readonly billedChars: number;
  /** When its first frame was at the output. */
  readonly atMs: number;
  /** To its first frame, from the moment it was complete and the sentence before had been handed over. */
  readonly waitedMs: number;
  readonly bytes: number;
  readonly sha256: string;
}

/** One turn as it was heard. */
export interface HeardTurn {
  readonly language: string;
  /** What LiveKit gave the TTS to say. */
  readonly expected: readonly string[];
  /** Empty without a cache: only the cache tells where one sentence ends. */
  readonly sentences: readonly HeardSentence[];
  /** From the push that completed the first sentence to the first frame at the output; `undefined` when nothing was heard. */
  readonly firstAudioMs: number | undefined;
  /** Between two sentences that both came from the cache: from the moment both were there. */
  readonly hitGapsMs: readonly number[];
  /** Bytes at the output that no sentence accounts for. */
  readonly strayBytes: number;
}

const BYTES_A_SAMPLE = 2;
const PLAYBACK_SPEED = 40;

/** How fast a call goes where nothing is measured. */
export interface Pace {
  /** So many times as fast as a caller would hear it. */
  readonly playbackSpeed: number;
  /** The scripted LLM writes a token every so often. */
  readonly tokenMs: number;
}

const PACE: Pace = { playbackSpeed: PLAYBACK_SPEED, tokenMs: TOKEN_MS };

/** How a call differs from a real one. */
export const CALL_OVERRIDES: Facts = { playback_speed: PLAYBACK_SPEED, llm_token_ms: TOKEN_MS };

/** A call that has been spoken; the rest goes on while others are. */
export interface SpokenCall {
  readonly turns: Promise<readonly HeardTurn[]>;
  readonly closed: Promise<void>;
}

/** A caller's side of one dialogue: a real AgentSession without a room, its replies written by a scripted LLM. */
export async function speakDialogue(
  dialogue: Dialogue,
  wrapped: CallVoice,
  { playbackSpeed, tokenMs }: Pace = PACE,
): Promise<SpokenCall> {
  const model = new ScriptedLlm(tokenMs);
  const pushes = watchPushes(wrapped.tts);
  const output = new MemoryOutput(wrapped.tts.sampleRate, playbackSpeed);
  const session = new voice.AgentSession({
    llm: model,
    tts: wrapped.tts,
    vad: null,
    turnHandling: { turnDetection: null },
  });
  session.output.audio = output;
  await session.start({ agent: new voice.Agent({ instructions: 'Speak the script.' }) });
  const turns: Promise<HeardTurn>[] = [];
  for (const text of dialogue.turns) {
    model.text = text;
    await session.run({ userInput: 'go on' }).wait();
    const [frames, events] = [output.takeFrames(), wrapped.takeEvents()];
    turns.push(hear(dialogue.language, wrapped.tts.sampleRate, pushes.take(), frames, events));
  }
  // LiveKit takes half a second to close a session; the next call need not wait for it.
  const closed = session.close().then(() => wrapped.close());
  return { turns: Promise.all(turns), closed };
}

/** What one sentence is called in the ledger and in the bench: NFC, white space folded. */
function spokenForm(sentence: string): string {
  return sentence.toWellFormed().normalize('NFC').replace(/\s+/gu, ' ').trim();
}

/** Divides what was heard into sentences. Hashes off the event loop: other calls are being measured meanwhile. */
async function hear(
  language: string,
  sampleRate: number,
  pushed: readonly PushedSentence[],
  frames: readonly PlayedFrame[],
  events: readonly PhraseEvent[],
): Promise<HeardTurn> {
  const expected = pushed.map(({ text }) => spokenForm(text));
  const spoken = events.filter((event) => event.type === 'speech');
  const pcm = Buffer.concat(
    frames.map(({ samples }) => Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)),
  );
  const sentences: Promise<HeardSentence>[] = [];
  const hitGapsMs: number[] = [];
  let at = 0;
  for (const [index, { source, tier, billedChars, audioMs }] of spoken.entries()) {
    const own = pcm.subarray(at, at + Math.round((audioMs * sampleRate) / 1000) * BYTES_A_SAMPLE);
    const start = startOf(frames, at, pushed[index]?.atMs ?? 0);
    if (index > 0 && source === 'stored' && spoken[index - 1]?.source === 'stored') hitGapsMs.push(start.waitedMs);
    const sentence = { text: expected[index] ?? '', language, source, tier, billedChars, ...start, bytes: own.length };
    sentences.push(sha256(own).then((hash) => ({ ...sentence, sha256: hash })));
    at += own.length;
  }
  const [first] = frames;
  return {
    language,
    expected,
    sentences: await Promise.all(sentences),
    firstAudioMs: first === undefined ? undefined : first.atMs - (pushed[0]?.atMs ?? 0),
    hitGapsMs,
    strayBytes: spoken.length === 0 ? 0 : pcm.length - at,
  };
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return Buffer.from(await webcrypto.subtle.digest('SHA-256', bytes)).toString('hex');
}

/** When a sentence began to be heard, and how long after it was complete and the one before had been handed over. */
function startOf(
  frames: readonly PlayedFrame[],
  startByte: number,
  completedMs: number,
): { atMs: number; waitedMs: number } {
  let at = 0;
  let before = 0;
  for (const frame of frames) {
    if (at >= startByte) return { atMs: frame.atMs, waitedMs: frame.atMs - Math.max(before, completedMs) };
    at += frame.samples.byteLength;
    before = frame.atMs;
  }
  return { atMs: before, waitedMs: 0 };
}
