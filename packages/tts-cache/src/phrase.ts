import { phraseKey } from './phrase-key.ts';
import type { Provider } from './provider.ts';
import type { VoiceSettings } from './voice.ts';

/** A sentence in one voice of one provider. */
export interface Phrase {
  readonly provider: Provider;
  readonly voice: VoiceSettings;
  readonly sentence: string;
  readonly key: string;
}

/** A sentence in the voice that the provider has now. */
export function phraseOf(provider: Provider, sentence: string): Phrase {
  // A copy: settings may be an object that changes.
  const voice = { ...provider.voice };
  return { provider, voice, sentence, key: phraseKey(provider.inner, voice, sentence) };
}
