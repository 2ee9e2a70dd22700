import { describe, expect, it, vi } from 'vitest';
import type { SarvamEvent } from './events.ts';
import type { TTSOptions } from './options.ts';
import { TTS } from './tts.ts';

function make(options: TTSOptions): { tts: TTS; events: SarvamEvent[] } {
  const events: SarvamEvent[] = [];
  return { tts: new TTS({ apiKey: 'key', onEvent: (event) => events.push(event), ...options }), events };
}

describe('options', () => {
  it('have the defaults of the model', () => {
    expect(make({}).tts.voice).toMatchObject({
      model: 'bulbul:v3',
      speaker: 'shubh',
      language: 'en-IN',
      sampleRate: 24_000,
    });
    expect(make({ model: 'bulbul:v2' }).tts.voice).toMatchObject({ speaker: 'anushka', sampleRate: 22_050, pitch: 0 });
    expect(make({ model: 'bulbul:v4-flash' }).tts.voice).toMatchObject({ speaker: 'shubh_enhi_ads', loudness: 1 });
    expect(make({}).tts).toMatchObject({
      label: 'sarvam.TTS',
      model: 'bulbul:v3',
      provider: 'Sarvam',
      sampleRate: 24_000,
    });
  });

  it.each<[TTSOptions, string]>([
    [{ pace: 2.5 }, 'pace must be between 0.5 and 2 for bulbul:v3, not 2.5'],
    [{ pace: Number.NaN }, 'pace must be between 0.5 and 2 for bulbul:v3, not NaN'],
    [{ pitch: 0.1 }, 'pitch is not a parameter of bulbul:v3, leave it out (got 0.1)'],
    [{ loudness: 1 }, 'loudness is not a parameter of bulbul:v3'],
    [{ temperature: 0 }, 'temperature must be between 0.01 and 1 for bulbul:v3, not 0'],
    [{ model: 'bulbul:v2', pitch: 1 }, 'pitch must be between -0.75 and 0.75 for bulbul:v2, not 1'],
    [{ model: 'bulbul:v2', temperature: 0.5 }, 'temperature is not a parameter of bulbul:v2'],
    [{ model: 'bulbul:v2', dictId: 'p_1' }, 'dictId is not a parameter of bulbul:v2'],
    [{ model: 'bulbul:v4-flash', pitch: 0.6 }, 'pitch must be between -0.5 and 0.5 for bulbul:v4-flash, not 0.6'],
    [{ enablePreprocessing: false }, 'enablePreprocessing is always on for bulbul:v3 and cannot be false'],
    [{ speaker: 'anushka' }, "speaker 'anushka' is a voice of bulbul:v2, not of bulbul:v3, which has shubh, aditya"],
    [
      { model: 'bulbul:v4-flash', speaker: 'shubh' },
      "speaker 'shubh' is a voice of bulbul:v3 and bulbul:v3-beta, not of",
    ],
    [{ speaker: 'simran_en_customer' }, "speaker 'simran_en_customer' is a voice of bulbul:v4-flash, not of bulbul:v3"],
    [{ speaker: '' }, 'speaker must not be empty'],
    [{ language: 'en-US' }, 'language must be one of bn-IN, en-IN, gu-IN, hi-IN'],
    [{ sampleRate: 48_000 }, 'sampleRate must be one of 8000, 16000, 22050, 24000 over websocket, not 48000'],
    [{ minBufferSize: 20 }, 'minBufferSize must be an integer between 30 and 200, not 20'],
    [{ maxChunkLength: 50.5 }, 'maxChunkLength must be an integer between 50 and 500, not 50.5'],
    [{ baseUrl: 'wss://api.sarvam.ai' }, "baseUrl must be an http or https address, not 'wss://api.sarvam.ai'"],
    [{ socketWaitMs: 0 }, 'socketWaitMs must be a positive number of ms, not 0'],
    [{ connectTimeoutMs: -1 }, 'connectTimeoutMs must be a positive number of ms, not -1'],
    [{ receiveTimeoutMs: Number.NaN }, 'receiveTimeoutMs must be a positive number of ms, not NaN'],
    [{ pool: { maxConnections: 1.5 } }, 'maxConnections must be an integer of at least 1, not 1.5'],
    [{ apiKey: '' }, 'apiKey is missing: give the option or set the environment variable SARVAM_API_KEY'],
  ])('%j are refused', (options, message) => {
    expect(() => make(options)).toThrow(TypeError);
    expect(() => make(options)).toThrow(message);
  });

  it('let unknown models, voices and languages pass with an event', () => {
    const { tts, events } = make({ model: 'bulbul:v9', pace: 7, language: 'ur-IN' });
    expect(tts.voice).toMatchObject({ model: 'bulbul:v9', speaker: undefined, pace: 7, language: 'ur-IN' });
    make({ speaker: 'amelia' });
    expect(events).toEqual([
      { type: 'unknown-model', model: 'bulbul:v9' },
      { type: 'unknown-language', language: 'ur-IN' },
    ]);
    expect(make({ speaker: 'amelia' }).events).toEqual([
      { type: 'unknown-speaker', model: 'bulbul:v3', speaker: 'amelia' },
    ]);
  });

  it('warn the process of what is unknown when nobody listens', () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const tts = new TTS({ apiKey: 'key', speaker: 'amelia' });
    tts.updateOptions({ speaker: null });
    tts.updateOptions({ language: 'ur-IN' });
    expect(warn.mock.calls.map(([text]) => text)).toEqual([
      '{"type":"unknown-speaker","model":"bulbul:v3","speaker":"amelia"}',
      '{"type":"unknown-language","language":"ur-IN"}',
    ]);
    warn.mockRestore();
  });

  it('allow the high sample rates over REST', () => {
    expect(make({ transport: 'rest', sampleRate: 48_000 }).tts.sampleRate).toBe(48_000);
  });
});

describe('updateOptions', () => {
  it('changes nothing when it throws', () => {
    const { tts, events } = make({ pace: 1.2 });
    const before = tts.voice;
    expect(() => tts.updateOptions({ language: 'hi-IN', speaker: 'unheard-of', pace: 9 })).toThrow('pace must be');
    expect(tts.voice).toBe(before);
    expect(events).toEqual([]);
    tts.updateOptions({ language: 'ta-IN' });
    expect(tts.voice).toEqual({ ...before, language: 'ta-IN' });
  });

  it('moves to the defaults of a new model, but never drops what the user gave', () => {
    const { tts } = make({ pace: 1.2 });
    tts.updateOptions({ model: 'bulbul:v2' });
    expect(tts.voice).toMatchObject({
      model: 'bulbul:v2',
      speaker: 'anushka',
      pace: 1.2,
      temperature: undefined,
      sampleRate: 24_000,
    });
    expect(tts.sampleRate).toBe(24_000);
    tts.updateOptions({ pitch: 0.2, speaker: 'vidya' });
    expect(() => tts.updateOptions({ model: 'bulbul:v3' })).toThrow("speaker 'vidya' is a voice of bulbul:v2");
    expect(() => tts.updateOptions({ model: 'bulbul:v3', speaker: 'ritu' })).toThrow(
      'pitch is not a parameter of bulbul:v3',
    );
    tts.updateOptions({ model: 'bulbul:v3', speaker: null, pitch: null });
    expect(tts.voice).toMatchObject({ model: 'bulbul:v3', speaker: 'shubh', pitch: undefined, pace: 1.2 });
  });

  it('leaves alone what is undefined, and an earlier voice', () => {
    const { tts } = make({ speaker: 'ritu' });
    const before = tts.voice;
    tts.updateOptions({ speaker: undefined as never });
    expect(tts.voice).toEqual(before);
    expect(Object.isFrozen(before)).toBe(true);
  });
});
