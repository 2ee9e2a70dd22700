import type { SarvamEvent } from './events.ts';
import {
  LANGUAGES,
  MAX_CHUNK_LENGTH,
  MIN_BUFFER_SIZE,
  MODELS,
  modelsOfSpeaker,
  REST_ONLY_SAMPLE_RATES,
  STREAMED_SAMPLE_RATES,
} from './models.ts';
import type { ModelRules, Range } from './models.ts';
import type { Transport, VoiceOptions } from './options.ts';

/**
 * Everything that shapes the sound, resolved: two equal voices sound the same. Made to be a cache key. Frozen.
 * A type, not an interface: only then is it assignable to a record of settings, such as the `voice` of a phrase cache.
 */
export type SarvamVoice = {
  readonly endpoint: string;
  readonly model: string;
  /** `undefined` only for an unknown model, whose default is Sarvam's secret. */
  readonly speaker: string | undefined;
  readonly language: string;
  readonly sampleRate: number;
  readonly pace: number;
  readonly pitch: number | undefined;
  readonly loudness: number | undefined;
  readonly temperature: number | undefined;
  readonly dictId: string | undefined;
  readonly preprocessing: boolean;
  readonly minBufferSize: number;
  readonly maxChunkLength: number;
};

/** What a voice is spoken with, fixed for the life of a TTS. */
export interface VoiceFrame {
  readonly endpoint: string;
  readonly transport: Transport;
  readonly sampleRate: number | undefined;
}

/**
 * Checks what the user gave against the model's table and fills in the rest.
 * @throws TypeError naming the field, the value and what is allowed
 */
export function resolveVoice(given: VoiceOptions, frame: VoiceFrame): { voice: SarvamVoice; warnings: SarvamEvent[] } {
  const { model = 'bulbul:v3', language = 'en-IN', dictId } = given;
  const rules = MODELS.get(model);
  const number = (field: 'loudness' | 'pace' | 'pitch' | 'temperature', fallback: number): number | undefined =>
    parameter(field, given[field], fallback, model, rules);
  if (dictId !== undefined && rules?.dictionary === false) throw unsupported('dictId', dictId, model);
  if (given.enablePreprocessing === false && rules?.preprocessing === 'always') {
    throw new TypeError(`enablePreprocessing is always on for ${model} and cannot be false`);
  }
  const warnings: SarvamEvent[] = [];
  if (rules === undefined) warnings.push({ type: 'unknown-model', model });
  checkSpeaker(given.speaker, model, rules, warnings);
  checkLanguage(language, warnings);
  const voice: SarvamVoice = Object.freeze({
    endpoint: frame.endpoint,
    model,
    speaker: given.speaker ?? rules?.defaultSpeaker,
    language,
    sampleRate: checkSampleRate(frame.sampleRate ?? rules?.defaultSampleRate ?? 24_000, frame.transport),
    pace: number('pace', 1) ?? 1,
    pitch: number('pitch', 0),
    loudness: number('loudness', 1),
    temperature: number('temperature', 0.6),
    dictId,
    preprocessing: given.enablePreprocessing ?? rules?.preprocessing === 'always',
    minBufferSize: integer('minBufferSize', given.minBufferSize ?? 50, MIN_BUFFER_SIZE),
    maxChunkLength: integer('maxChunkLength', given.maxChunkLength ?? 150, MAX_CHUNK_LENGTH),
  });
  return { voice, warnings };
}

/** One number. An unknown model is sent only what the user gave. */
function parameter(
  field: 'loudness' | 'pace' | 'pitch' | 'temperature',
  value: number | undefined,
  fallback: number,
  model: string,
  rules: ModelRules | undefined,
): number | undefined {
  const range = rules?.[field];
  if (value === undefined) return range === undefined ? undefined : fallback;
  if (rules !== undefined && range === undefined) throw unsupported(field, value, model);
  const { min, max } = range ?? { min: -Infinity, max: Infinity };
  if (Number.isFinite(value) && value >= min && value <= max) return value;
  const allowed = range === undefined ? 'a finite number' : `between ${min} and ${max}`;
  throw new TypeError(`${field} must be ${allowed} for ${model}, not ${String(value)}`);
}

function integer(field: string, value: number, { min, max }: Range): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new TypeError(`${field} must be an integer between ${min} and ${max}, not ${String(value)}`);
}

function unsupported(field: string, value: unknown, model: string): TypeError {
  return new TypeError(`${field} is not a parameter of ${model}, leave it out (got ${String(value)})`);
}

function checkSpeaker(
  speaker: string | undefined,
  model: string,
  rules: ModelRules | undefined,
  warnings: SarvamEvent[],
): void {
  if (speaker === undefined) return;
  if (speaker === '') throw new TypeError('speaker must not be empty');
  const models = modelsOfSpeaker(speaker);
  if (rules === undefined || models.includes(model)) return;
  if (models.length === 0) {
    warnings.push({ type: 'unknown-speaker', model, speaker });
    return;
  }
  const allowed = rules.speakers.size > 0 ? [...rules.speakers].join(', ') : `for example ${rules.defaultSpeaker}`;
  throw new TypeError(
    `speaker '${speaker}' is a voice of ${models.join(' and ')}, not of ${model}, which has ${allowed}`,
  );
}

function checkLanguage(language: string, warnings: SarvamEvent[]): void {
  if (LANGUAGES.includes(language)) return;
  // Sarvam has more Indian languages in beta, by account.
  if (!/^[a-z]{2,3}-IN$/u.test(language)) {
    throw new TypeError(`language must be one of ${LANGUAGES.join(', ')}, not '${language}'`);
  }
  warnings.push({ type: 'unknown-language', language });
}

function checkSampleRate(sampleRate: number, transport: Transport): number {
  const allowed = transport === 'rest' ? [...STREAMED_SAMPLE_RATES, ...REST_ONLY_SAMPLE_RATES] : STREAMED_SAMPLE_RATES;
  if (allowed.includes(sampleRate)) return sampleRate;
  throw new TypeError(`sampleRate must be one of ${allowed.join(', ')} over ${transport}, not ${String(sampleRate)}`);
}
