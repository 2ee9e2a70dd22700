import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Cache } from '@warmline/cache-core';
import { cachedTts, createPhraseCache } from '@warmline/tts-cache';
import type { Speech } from '@warmline/tts-cache';
import * as sarvam from '@warmline/tts-sarvam';
import { distribution } from '../distribution.ts';
import type { Progress } from '../progress.ts';
import type { Distribution, Facts } from '../scenario.ts';
import type { Dialogue } from '../workload/dialogue.ts';
import type { CallVoice, HeardTurn, SpokenCall } from '../call/call.ts';
import { callVoice, speakDialogue } from '../call/call.ts';

/** Calls that speak at the same time. */
export const CONCURRENT_CALLS = 8;

/** Where each call has its own: together with the other passes' they are fewer than an account may have. */
const SOCKETS_OF_A_CALL = 2;
export const OWN_VOICE_OVERRIDES: Facts = { cache_per_call_max_connections: SOCKETS_OF_A_CALL };

/** One way to give a call its voice. */
export type OpenVoice = (dialogue: Dialogue) => CallVoice;

/** What one pass over the dialogues gave; the turns of one call stand together. */
export interface Pass {
  readonly calls: readonly (readonly HeardTurn[])[];
  readonly loopLagMs: Distribution;
  readonly seconds: number;
}

/** Speaks all dialogues, `CONCURRENT_CALLS` at a time. */
export async function speakAll(
  name: string,
  dialogues: readonly Dialogue[],
  openVoice: OpenVoice,
  progress: Progress,
): Promise<Pass> {
  const startedMs = performance.now();
  const lag = monitorEventLoopDelay({ resolution: 1 });
  lag.enable();
  const waiting = [...dialogues];
  const calls: SpokenCall[] = [];
  const line = async (): Promise<void> => {
    for (let dialogue = waiting.shift(); dialogue !== undefined; dialogue = waiting.shift()) {
      calls.push(await speakDialogue(dialogue, openVoice(dialogue)));
      progress.update(`turn · ${name} · ${dialogues.length - waiting.length} of ${dialogues.length} dialogues`);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_CALLS }, line));
  lag.disable();
  const seconds = (performance.now() - startedMs) / 1000;
  await Promise.all(calls.map(({ closed }) => closed));
  return { calls: await Promise.all(calls.map(({ turns }) => turns)), loopLagMs: lagOf(lag), seconds };
}

/** The provider's voice as it is. */
export function plainVoice(url: string, pool: sarvam.SarvamPool): OpenVoice {
  return (dialogue) => {
    const tts = sarvamTts(url, pool, dialogue);
    return { tts, takeEvents: () => [], close: () => tts.close() };
  };
}

/** The same voice through a phrase cache, or another speaker's; calls may share the cache and the sockets. */
export function cachedVoice(
  url: string,
  pool: sarvam.SarvamPool,
  cache: Cache<Speech>,
  speaker: string = SPEAKER,
): OpenVoice {
  return (dialogue) => {
    const inner = sarvamTts(url, pool, dialogue, speaker);
    return callVoice((onEvent) => cachedTts(inner, { voice: () => inner.voice, cache, onEvent }));
  };
}

/** A cache and sockets of its own for each call, as in LiveKit, where every call is a new process. */
export function callOwnVoice(url: string, sabotage: (cache: Cache<Speech>) => Cache<Speech>): OpenVoice {
  return (dialogue) => {
    const pool = sarvam.createSocketPool({ maxConnections: SOCKETS_OF_A_CALL });
    const cache = sabotage(createPhraseCache());
    const voice = cachedVoice(url, pool, cache)(dialogue);
    const close = async (): Promise<void> => {
      await voice.close();
      await pool.close();
      await cache.close();
    };
    return { ...voice, close };
  };
}

/** Sarvam's default for the model. */
export const SPEAKER = 'shubh';

/** The simulated provider's voice for a dialogue. */
export function sarvamTts(
  url: string,
  pool: sarvam.SarvamPool,
  { language }: Dialogue,
  speaker: string = SPEAKER,
): sarvam.TTS {
  return new sarvam.TTS({ apiKey: 'test-key', baseUrl: url, model: 'bulbul:v3', speaker, language, pool });
}

/** Node's own histogram counts in nanoseconds. */
function lagOf(lag: ReturnType<typeof monitorEventLoopDelay>): Distribution {
  const [ms, n] = [1e6, lag.count];
  const at = (percentile: number): number => lag.percentile(percentile) / ms;
  return n === 0
    ? distribution([])
    : { p50: at(50), p95: at(95), p99: at(99), min: lag.min / ms, max: lag.max / ms, n };
}
