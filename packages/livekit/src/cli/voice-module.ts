import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { initializeLogger, tts as livekitTts } from '@livekit/agents';
import type { CachedTts, Voice } from '@warmline/tts-cache';
import { UsageError } from '../observe/usage-error.ts';
import type { Machine } from './machine.ts';

/** What the default export of a voice module returns. */
type Made = livekitTts.TTS | { readonly tts: livekitTts.TTS; readonly voice: Voice };

/**
 * Loads the agent's own TTS, so that what is spoken here has the voice, and the key, of its calls. The module's default export
 * is a function that returns a LiveKit TTS which tells its voice, or `{ tts, voice }`.
 * @param onError told why the provider could not speak.
 * @throws UsageError when it is no such module.
 */
export async function loadVoice(
  module: string,
  machine: Machine,
  onError: (message: string) => void,
): Promise<CachedTts> {
  initializeLogger({ pretty: false, level: 'error' });
  const made = await makeVoice(module);
  const voice = made instanceof livekitTts.TTS ? machine.tts(made) : machine.tts(made.tts, { voice: made.voice });
  voice.on('error', ({ error }) => onError(error.message));
  return voice;
}

async function makeVoice(module: string): Promise<Made> {
  try {
    const { default: make } = (await import(pathToFileURL(resolve(module)).href)) as { default?: unknown };
    if (typeof make !== 'function')
      throw new TypeError(`its default export must be a function that returns a TTS, got ${typeof make}`);
    return (await Reflect.apply(make, undefined, [])) as Made;
  } catch (error) {
    throw new UsageError(`${module} makes no TTS: ${error instanceof Error ? error.message : String(error)}`);
  }
}
