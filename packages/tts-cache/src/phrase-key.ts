import { canonicalKey } from '@warmline/cache-core';
import { isSpeakable, splitSentences } from '@warmline/sentences';
import type { tts } from '@livekit/agents';
import type { VoiceSettings } from './voice.ts';

/** The form in which a sentence is keyed and sent: NFC, white space folded, lone surrogates replaced. Case and punctuation stay: they are heard. */
export function normalizeSentence(text: string): string {
  return text.toWellFormed().normalize('NFC').replace(/\s+/gu, ' ').trim();
}

/** The sentences of texts in that form, each once; what has no letter or digit is none. */
export function sentencesOf(texts: Iterable<string>): readonly string[] {
  const sentences = [...texts].flatMap((text) => splitSentences(text)).filter(isSpeakable);
  return [...new Set(sentences.map(normalizeSentence))];
}

/** The logical key of a sentence in one voice of one provider. It contains the text: the cache hashes it before it leaves the process. */
export function phraseKey(inner: tts.TTS, voice: VoiceSettings, sentence: string): string {
  return canonicalKey({
    provider: inner.provider,
    model: inner.model,
    plugin: inner.label,
    rate: inner.sampleRate,
    channels: inner.numChannels,
    voice,
    sentence,
  });
}
