import { z } from 'zod';
import { describeIssues } from '../describe-issues.ts';
import { Rejection } from '../rejection.ts';
import { checkRange, chooseLanguage, chooseSpeaker } from './checks.ts';
import type { ModelRules } from './model-rules.ts';
import type { Voice } from './voice.ts';

/** The codecs this stand-in can speak. */
export type SpokenCodec = 'linear16' | 'wav';

/** A validated configuration. */
export interface SpeechSettings {
  readonly voice: Voice;
  readonly codec: SpokenCodec;
  readonly minBufferSize: number;
  readonly maxChunkLength: number;
}

/** The three ways to ask for speech differ in rates, temperature and default codec. */
export interface Transport {
  readonly sampleRates: readonly number[];
  readonly maxTemperature: number;
  readonly defaultCodec: string;
}

const STREAMED_RATES = [8000, 16_000, 22_050, 24_000];

/** WebSocket and HTTP stream. */
export const STREAMED: Transport = { sampleRates: STREAMED_RATES, maxTemperature: 1, defaultCodec: 'mp3' };
/** REST, which answers in one piece. */
export const WHOLE: Transport = {
  sampleRates: [...STREAMED_RATES, 32_000, 44_100, 48_000],
  maxTemperature: 2,
  defaultCodec: 'wav',
};

const CODECS = ['linear16', 'mulaw', 'alaw', 'opus', 'flac', 'aac', 'wav', 'mp3'];
const BITRATES = ['32k', '64k', '96k', '128k', '192k'];
const FORCED_TEMPERATURE = 0.6;

// Shape only: ranges depend on the model and have error texts of their own. Fields the service does not know,
// `model` in a WebSocket config among them, are ignored, as it does.
const fieldsSchema = z.object({
  target_language_code: z.string().nullish(),
  language_code: z.string().nullish(),
  speaker: z.string().nullish(),
  pace: z.number().nullish(),
  pitch: z.number().nullish(),
  loudness: z.number().nullish(),
  temperature: z.number().nullish(),
  enable_preprocessing: z.boolean().nullish(),
  speech_sample_rate: z.union([z.number(), z.string()]).nullish(),
  dict_id: z.string().nullish(),
  min_buffer_size: z.number().int().nullish(),
  max_chunk_length: z.number().int().nullish(),
  output_audio_codec: z.string().nullish(),
  output_audio_bitrate: z.string().nullish(),
});

type Fields = z.infer<typeof fieldsSchema>;

/** Validates a configuration for a model. Throws `Rejection` with the service's own text where that is known. */
export function parseSpeechSettings(input: unknown, rules: ModelRules, transport: Transport): SpeechSettings {
  const result = fieldsSchema.safeParse(input);
  if (!result.success) throw new Rejection(422, describeIssues(result.error, input));
  const fields = result.data;
  return {
    voice: chooseVoice(fields, rules, transport),
    codec: chooseCodec(fields, transport),
    minBufferSize: checkRange('min_buffer_size', fields.min_buffer_size ?? 50, { min: 30, max: 200 }),
    maxChunkLength: checkRange('max_chunk_length', fields.max_chunk_length ?? 150, { min: 50, max: 500 }),
  };
}

function chooseVoice(fields: Fields, rules: ModelRules, transport: Transport): Voice {
  const model = `For the ${rules.title} model, `;
  return {
    model: rules.name,
    speaker: chooseSpeaker(fields.speaker ?? rules.defaultSpeaker, rules),
    language: chooseLanguage(fields.target_language_code ?? fields.language_code),
    pace: checkRange(`${model}pace`, fields.pace ?? 1, rules.pace),
    pitch: rules.pitch === undefined ? 0 : checkRange(`${model}pitch`, fields.pitch ?? 0, rules.pitch),
    loudness: rules.loudness === undefined ? 1 : checkRange(`${model}loudness`, fields.loudness ?? 1, rules.loudness),
    temperature: chooseTemperature(fields, rules, transport),
    sampleRate: chooseSampleRate(fields.speech_sample_rate ?? rules.defaultSampleRate, transport.sampleRates),
    dictId: rules.usesDictionary ? (fields.dict_id ?? undefined) : undefined,
  };
}

function chooseTemperature(fields: Fields, rules: ModelRules, transport: Transport): number {
  if (rules.temperature === 'none') return 0;
  const range = { min: 0.01, max: transport.maxTemperature };
  const asked = checkRange(
    `For the ${rules.title} model, temperature`,
    fields.temperature ?? FORCED_TEMPERATURE,
    range,
  );
  return rules.temperature === 'forced' ? FORCED_TEMPERATURE : asked;
}

function chooseSampleRate(asked: number | string, allowed: readonly number[]): number {
  const rate = Number(asked);
  if (allowed.includes(rate)) return rate;
  throw new Rejection(400, `Speech sample rate can only be ${allowed.join(', ')} Hz`, { coded: true });
}

function chooseCodec(fields: Fields, transport: Transport): SpokenCodec {
  const codec = fields.output_audio_codec ?? transport.defaultCodec;
  if (!CODECS.includes(codec)) {
    throw new Rejection(400, `output_audio_codec '${codec}' is not supported, use one of ${CODECS.join(', ')}`);
  }
  const bitrate = fields.output_audio_bitrate ?? '128k';
  if (!BITRATES.includes(bitrate)) {
    throw new Rejection(400, `output_audio_bitrate '${bitrate}' is not supported, use one of ${BITRATES.join(', ')}`);
  }
  if (codec === 'linear16' || codec === 'wav') return codec;
  throw new Rejection(400, `This simulator speaks only linear16 and wav, not '${codec}'`);
}
