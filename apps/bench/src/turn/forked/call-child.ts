import { initializeLogger } from '@livekit/agents';
import { openWarmline } from '@warmline/livekit';
import type { Warmline } from '@warmline/livekit';
import { cachedTts } from '@warmline/tts-cache';
import type { CachedTts, PhraseEvent } from '@warmline/tts-cache';
import * as sarvam from '@warmline/tts-sarvam';
import type { HeardTurn } from '../../call/call.ts';
import { callVoice, speakDialogue } from '../../call/call.ts';
import { sabotaged } from '../../call/sabotage.ts';
import { LoopLag } from '../../hot-path/event-loop.ts';
import type { Dialogue } from '../../workload/dialogue.ts';
import { sarvamTts } from '../phases.ts';
import type { CallSetup } from './call-process.ts';
import { FORKED_PACE, FORKED_SPEAKER } from './voices.ts';

/** How a call went. */
export interface CallAnswer {
  readonly pid: number;
  /** Calls of this process before this one, and phrases in its memory then: none of both in a cold process. */
  readonly callsBefore: number;
  readonly phrasesBefore: number;
  readonly turns: readonly HeardTurn[];
  /** From the dispatch to the first frame at the output. */
  readonly dispatchToAudioMs: number;
  /** When the call was dispatched, by the clock that the turns' times are of. */
  readonly startedMs: number;
  readonly lagMs: number;
}

/** What a call process says at its end. */
export interface EndAnswer {
  /** Where its host tier was; `undefined` without one. */
  readonly directory: string | undefined;
  readonly tierErrors: number;
  /** What the host tier told. */
  readonly complaints: readonly string[];
}

/** What a call process can be asked: one call, as in LiveKit, and to end. */
export interface CallCalls {
  speak(dialogue: Dialogue): Promise<CallAnswer>;
  end(input: undefined): Promise<EndAnswer>;
}

/** Opens what the process needs for any call, before one is known; as in LiveKit's `prewarm`. */
export function prewarm(setup: CallSetup): CallCalls {
  initializeLogger({ pretty: false, level: 'fatal' });
  const complaints: string[] = [];
  const warmline = openWarmline({
    directory: setup.directory,
    host: setup.sabotage !== 'no-host',
    onEvent: (event) => complaints.push('error' in event ? `${event.type}: ${String(event.error)}` : event.type),
  });
  const pool = openPool(warmline, setup);
  let calls = 0;
  let hangUp = async (): Promise<void> => {};
  return {
    speak: async (dialogue) => {
      const startedMs = performance.now();
      const [callsBefore, phrasesBefore] = [calls++, warmline.phrases.stats().entries];
      const inner = sarvamTts(setup.url, pool, dialogue, FORKED_SPEAKER);
      const voice = callVoice((onEvent) => wrap(warmline, inner, onEvent, setup.sabotage));
      const lag = new LoopLag();
      const call = await lag.during(() => speakDialogue(dialogue, voice, FORKED_PACE));
      // LiveKit takes half a second to close a session, which nothing waits for: the process ends, as a worker's does.
      call.closed.catch(() => undefined);
      hangUp = () => voice.close();
      const turns = await call.turns;
      const dispatchToAudioMs = (turns[0]?.sentences[0]?.atMs ?? Number.NaN) - startedMs;
      const { max: lagMs } = lag.distribution();
      return { pid: process.pid, callsBefore, phrasesBefore, turns, dispatchToAudioMs, startedMs, lagMs };
    },
    end: async () => {
      await hangUp();
      await pool.close();
      const { tierErrors } = warmline.phrases.stats();
      const { host } = warmline;
      await warmline.close();
      return { directory: host?.directory, tierErrors, complaints };
    },
  };
}

function openPool(warmline: Warmline, { sabotage, socketLimit }: CallSetup): sarvam.SarvamPool {
  if (sabotage === 'no-permits') return sarvam.createSocketPool();
  const permits = warmline.permits({ account: 'sarvam/test-key', limit: socketLimit });
  return sarvam.createSocketPool({ ...(permits && { permits }) });
}

function wrap(
  warmline: Warmline,
  inner: sarvam.TTS,
  onEvent: (event: PhraseEvent) => void,
  sabotage: string | undefined,
): CachedTts {
  if (sabotage === undefined || sabotage.startsWith('no-')) return warmline.tts(inner, { onEvent });
  // What the front door does, with a cache in its place that damages what it stores.
  return cachedTts(inner, { voice: () => inner.voice, cache: sabotaged(warmline.phrases, sabotage), onEvent });
}
