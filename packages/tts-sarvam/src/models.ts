/** An inclusive range. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** What a model accepts. A missing range means that the model has no such parameter. */
export interface ModelRules {
  /** WebSocket path: the endpoint, not the config message, decides which model speaks. */
  readonly path: string;
  readonly speakers: ReadonlySet<string>;
  readonly defaultSpeaker: string;
  readonly defaultSampleRate: number;
  readonly pace: Range;
  readonly pitch?: Range;
  readonly loudness?: Range;
  readonly temperature?: Range;
  readonly dictionary: boolean;
  /** Whether preprocessing can be switched off. */
  readonly preprocessing: 'always' | 'optional';
}

const names = (list: string): ReadonlySet<string> => new Set(list.split(' '));

/** The languages all voices speak. Odia is `od-IN`. */
export const LANGUAGES: readonly string[] = ['bn', 'en', 'gu', 'hi', 'kn', 'ml', 'mr', 'od', 'pa', 'ta', 'te'].map(
  (code) => `${code}-IN`,
);

/** Longest text of one utterance: what Sarvam advises for streaming, and below the limit of every one of its services. */
export const MAX_SENTENCE_CHARACTERS = 500;
/** Sample rates of a socket, in Hz. */
export const STREAMED_SAMPLE_RATES: readonly number[] = [8000, 16_000, 22_050, 24_000];
/** Sample rates of REST alone, in Hz. */
export const REST_ONLY_SAMPLE_RATES: readonly number[] = [32_000, 44_100, 48_000];
export const MIN_BUFFER_SIZE: Range = { min: 30, max: 200 };
export const MAX_CHUNK_LENGTH: Range = { min: 50, max: 500 };

/** The 222 voices of bulbul:v4-flash are named `voice_language_style`, e.g. `simran_en_customer`. */
const PERSONA = /^[a-z]+(?:_[a-z0-9]+){2,}$/u;

const v2: ModelRules = {
  path: '/text-to-speech/ws',
  speakers: names('anushka manisha vidya arya abhilash karun hitesh'),
  defaultSpeaker: 'anushka',
  defaultSampleRate: 22_050,
  pace: { min: 0.3, max: 3 },
  pitch: { min: -0.75, max: 0.75 },
  loudness: { min: 0.3, max: 3 },
  dictionary: false,
  preprocessing: 'optional',
};

const v3: ModelRules = {
  path: '/text-to-speech/ws',
  speakers: names(
    'shubh aditya ritu priya neha rahul pooja rohan simran kavya amit dev ishita shreya ratan varun manan sumit roopa ' +
      'kabir aayan ashutosh advait anand tanya tarun sunny mani gokul vijay shruti suhani mohit kavitha rehan soham rupali',
  ),
  defaultSpeaker: 'shubh',
  defaultSampleRate: 24_000,
  pace: { min: 0.5, max: 2 },
  temperature: { min: 0.01, max: 1 },
  dictionary: true,
  preprocessing: 'always',
};

const v4Flash: ModelRules = {
  ...v3,
  path: '/text-to-speech/ws/v2',
  speakers: new Set(),
  defaultSpeaker: 'shubh_enhi_ads',
  pitch: { min: -0.5, max: 0.5 },
  loudness: { min: 0.1, max: 2.5 },
};

/** The known models by their wire name. */
export const MODELS: ReadonlyMap<string, ModelRules> = new Map([
  ['bulbul:v2', v2],
  ['bulbul:v3', v3],
  ['bulbul:v3-beta', v3],
  ['bulbul:v4-flash', v4Flash],
]);

/** The WebSocket path of a model. Of an unknown one, the newer path from version 4 on. */
export function socketPath(model: string): string {
  return MODELS.get(model)?.path ?? (/^bulbul:v(?:[4-9]|\d{2})/u.test(model) ? v4Flash.path : v3.path);
}

/** The models that have this speaker; none for a name nobody knows. */
export function modelsOfSpeaker(speaker: string): string[] {
  const has = (rules: ModelRules): boolean =>
    rules.speakers.has(speaker) || (rules === v4Flash && PERSONA.test(speaker));
  return [...MODELS].filter(([, rules]) => has(rules)).map(([model]) => model);
}
