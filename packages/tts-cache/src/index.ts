export { admitPhrase } from './admission.ts';
export type { Admission } from './admission.ts';
export { CachedTts, cachedTts } from './cached-tts.ts';

export type { NotStored, PhraseEvent } from './events.ts';
export type { CachedTtsOptions, WarmOptions } from './options.ts';
export { createPhraseCache } from './phrase-cache.ts';
export type { PhraseCacheOptions } from './phrase-cache.ts';
export type { Money, PhraseCacheStats } from './phrase-stats.ts';
export type { Price } from './prices.ts';
export type { Unit } from './provider.ts';
export { speechCodec } from './speech-codec.ts';
export type { Speech, TimedText } from './speech.ts';
export type { Voice, VoiceSettings } from './voice.ts';
export type { Warmed } from './warm.ts';
