import { MemorySharedTier } from '@warmline/cache-core';
import { cachedTts, createPhraseCache, observedTts } from '@warmline/tts-cache';
import type { PhraseEvent } from '@warmline/tts-cache';
import { forecast } from './forecast.ts';
import type { Forecast, Share } from './forecast.ts';
import { readLogs } from './log-directory.ts';
import { ObservationLog } from './observation-log.ts';
import { PacedTts } from './paced-tts.fixture.ts';
import { speakCalls } from './speak-calls.fixture.ts';
import type { Call } from './traffic.fixture.ts';
import { VirtualClock } from './virtual-clock.fixture.ts';

/** What a cache did, counted by its own events. */
export interface Reached extends Share {
  /** Sentences that were cut short, and those that were not stored because the policy keeps them out. */
  readonly interrupted: number;
  readonly notAdmitted: number;
  /** Hits heard from another reply's recording of the same call. */
  readonly shared: number;
}

const voiceOf = ({ language }: Call): { speaker: string; language: string } => ({ speaker: 'asha', language });

/** Has the calls spoken by an observed TTS each, logs into the directory, and makes the forecast from there. */
export async function predict(calls: readonly Call[], directory: string, timed: boolean): Promise<Forecast> {
  const clock = new VirtualClock();
  const logs: ObservationLog[] = [];
  await speakCalls(clock, calls, (call) => {
    const log = new ObservationLog({ directory, clock });
    logs.push(log);
    const inner = new PacedTts(clock, timed);
    return { tts: observedTts(inner, { voice: voiceOf(call), agent: call.agent, onObservation: log.record, clock }) };
  });
  // Not within the calls: files are not on the clock.
  await Promise.all(logs.map((log) => log.close()));
  const { observations } = await readLogs([directory]);
  return forecast(observations);
}

/** Has the same calls spoken with a cache: a process tier each, one shared tier for the machine. */
export async function reach(calls: readonly Call[], timed: boolean): Promise<Reached> {
  const clock = new VirtualClock();
  const machine = new MemorySharedTier({ clock });
  const events: PhraseEvent[] = [];
  const onEvent = (event: PhraseEvent): void => void events.push(event);
  await speakCalls(clock, calls, (call) => {
    const cache = createPhraseCache({ tiers: [machine], clock });
    const inner = new PacedTts(clock, timed);
    return { tts: cachedTts(inner, { voice: voiceOf(call), cache, onEvent, clock }), close: () => cache.close() };
  });
  // Without those that were spoken ahead and never heard.
  const heard = events.filter((event) => event.type === 'speech').filter(({ spokenChars }) => spokenChars > 0);
  const hits = heard.filter(({ source }) => source !== 'recorded');
  const chars = (of: typeof heard): number => of.reduce((sum, { spokenChars }) => sum + spokenChars, 0);
  return {
    sentences: heard.length,
    characters: chars(heard),
    hits: hits.length,
    hitCharacters: chars(hits),
    interrupted: heard.filter(({ interrupted }) => interrupted).length,
    notAdmitted: events.filter((event) => event.type === 'not-stored' && event.reason === 'not-admitted').length,
    shared: hits.filter(({ source }) => source === 'shared').length,
  };
}
