import type { tts } from '@livekit/agents';
import type { Voice, VoiceSettings } from '@warmline/tts-cache';

/**
 * The voice of a TTS that tells it: one whose `voice` property is an object of plain settings, as that of
 * `@warmline/tts-sarvam`. Read anew for each sentence, because settings may change during a call.
 * @throws TypeError when it tells none: two voices must never share a key, and LiveKit does not reveal them.
 */
export function voiceOf(inner: tts.TTS): Voice {
  const read = (): unknown => Reflect.get(inner, 'voice');
  if (!isSettings(read())) {
    throw new TypeError(
      `${inner.label} does not tell its voice: pass { voice: { … } } with everything that changes the sound, e.g. { voiceId, language }`,
    );
  }
  return () => read() as VoiceSettings;
}

function isSettings(voice: unknown): boolean {
  if (typeof voice !== 'object' || voice === null) return false;
  const settings = Object.values(voice);
  return settings.length > 0 && settings.every((value) => typeof value !== 'object' || value === null);
}
