import type { APIConnectOptions } from '@livekit/agents';
import type { Cache, Clock } from '@warmline/cache-core';
import type { Admission } from './admission.ts';
import type { NotStored, PhraseEvent } from './events.ts';
import type { PhraseInventory } from './inventory.ts';
import { findPhrase } from './phrase-finder.ts';
import type { Source } from './phrase-finder.ts';
import { phraseKey } from './phrase-key.ts';
import type { Provider } from './provider.ts';
import { DoubtfulSpeechError, record } from './record.ts';
import type { Recording } from './recording.ts';
import type { Speech } from './speech.ts';
import { openSynthesis } from './synthesis.ts';
import type { Synthesis } from './synthesis.ts';

/** What the parts of one wrapped TTS share. */
export interface Speaker {
  readonly cache: Cache<Speech>;
  /** At least one, in the order of preference. */
  readonly providers: readonly Provider[];
  readonly admit: Admission;
  /** Sentences that are to be kept ready: pinned whenever they are stored, and stored whatever the policy says. */
  readonly declared: Set<string>;
  /** Where those that are ready are written down; never rejects. */
  readonly inventory: PhraseInventory;
  readonly clock: Clock;
  readonly stallMs: number;
  readonly recoveryMs: number;
  readonly emit: (event: PhraseEvent) => void;
}

/** How a sentence is to be spoken. */
export interface Use {
  readonly connOptions: APIConnectOptions | undefined;
}

/** A sentence that has been looked for, and is perhaps being spoken already. */
export interface OpenedSentence {
  readonly source: Promise<Source>;
  /** True when the provider speaks, or will speak, on behalf of this caller. */
  readonly own: boolean;
}

/** Finds a sentence in the voice that the provider has now, or has it spoken. Voice and provider options are read in this tick. */
export function openSentence(speaker: Speaker, provider: Provider, sentence: string, use: Use): OpenedSentence {
  const { cache } = speaker;
  const pin = speaker.declared.has(sentence);
  if (!pin && !speaker.admit(sentence)) return speakUnstored(speaker, provider, sentence, use, 'not-admitted');
  const key = phraseKey(provider.inner, provider.voice, sentence);
  const here = cache.peek(key);
  if (here !== undefined)
    return { source: Promise.resolve({ kind: 'stored', speech: here, tier: 'process' }), own: false };
  let opened: Synthesis | undefined;
  let started = false;
  const found = findPhrase(cache, key, pin, () => {
    started = true;
    const recording = startRecording(
      speaker,
      provider,
      sentence,
      opened ?? openSynthesis(provider.inner, use.connOptions),
    );
    return { source: { kind: 'recording', recording }, speech: speechOf(recording) };
  });
  if (found.looking) {
    // A cold cache must cost nothing: the provider's connection is opened while the shared tiers are asked.
    opened = openSynthesis(provider.inner, use.connOptions);
    void found.source.then(() => {
      if (!started) opened?.cancel();
    });
  }
  return found;
}

/** Has a sentence spoken without any use of the cache. */
export function speakUnstored(
  speaker: Speaker,
  provider: Provider,
  sentence: string,
  use: Use,
  reason: NotStored | undefined,
): OpenedSentence {
  const recording = startRecording(speaker, provider, sentence, openSynthesis(provider.inner, use.connOptions));
  if (reason !== undefined) {
    speaker.emit({ type: 'not-stored', reason, provider: provider.index, chars: sentence.length });
  }
  return { source: Promise.resolve({ kind: 'recording', recording }), own: true };
}

/** Lets the provider speak; a `not-stored` event tells of a recording that is not complete. */
export function startRecording(
  speaker: Speaker,
  provider: Provider,
  sentence: string,
  synthesis: Synthesis,
): Recording {
  const recording = record({
    synthesis,
    sentence,
    sampleRate: provider.inner.sampleRate,
    channels: provider.inner.numChannels,
    clock: speaker.clock,
    stallMs: speaker.stallMs,
  });
  void recording.ended.then((end) => {
    if (end.state === 'complete') return;
    speaker.emit({ type: 'not-stored', reason: reasonOf(end.error), provider: provider.index, chars: sentence.length });
  });
  return recording;
}

async function speechOf(recording: Recording): Promise<Speech> {
  const end = await recording.ended;
  if (end.state === 'failed') throw end.error;
  return end.speech;
}

/** The name of what kept speech from being stored. */
export function reasonOf(error: unknown): NotStored {
  return error instanceof DoubtfulSpeechError ? error.doubt : 'failed';
}
