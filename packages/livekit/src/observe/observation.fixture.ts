import type { Observation } from '@warmline/tts-cache';

/** 2026-11-21 09:00 UTC */
const START_MS = 1_795_251_600_000;

/** A sentence of a call, looked for `atMs` after nine o'clock and stored a second later. */
export function observation(text: string, atMs: number, more: Partial<Observation> = {}): Observation {
  const startedAtMs = START_MS + atMs;
  return {
    key: `key of ${text}`,
    text,
    agent: 'desk',
    language: 'en-IN',
    provider: 'sarvam',
    model: 'bulbul:v3',
    chars: text.length,
    admitted: true,
    speakable: true,
    unit: 'sentence',
    startedAtMs,
    wouldBeStoredAtMs: startedAtMs + 1000,
    firstAudioMs: undefined,
    interruption: undefined,
    call: 'call-1',
    reply: 0,
    ...more,
  };
}
