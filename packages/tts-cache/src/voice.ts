/**
 * Everything that makes the same text sound different: voice id or speaker, language, pace, pitch, loudness, temperature,
 * dictionary and its revision, endpoint … Flat, so that two voices are equal exactly when their settings are.
 * Provider, model, sample rate and channels are added by the cache.
 */
export type VoiceSettings = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** The settings, or a function that is read at the start of each sentence. */
export type Voice = VoiceSettings | (() => VoiceSettings);

/** @throws TypeError when there is no setting at all, or one that is not a plain value. */
export function readVoice(voice: Voice): VoiceSettings {
  const settings = typeof voice === 'function' ? voice() : voice;
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) {
    throw new TypeError(`voice must be an object of settings or a function that returns one, got ${typeOf(settings)}`);
  }
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  if (given.length === 0) {
    throw new TypeError(
      'voice must name at least one setting, e.g. { voiceId, language }: two voices must never share a key',
    );
  }
  for (const [name, value] of given) {
    if (typeof value === 'object' && value !== null) {
      throw new TypeError(`voice.${name} must be a string, number, boolean or null, got ${typeOf(value)}`);
    }
  }
  return settings;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
