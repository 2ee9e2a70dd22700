import { V2_SPEAKERS, V3_SPEAKERS, isPersona } from './speakers.ts';

/** An inclusive range. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** What one model accepts. */
export interface ModelRules {
  readonly name: string;
  /** As the service writes it in its error texts. */
  readonly title: string;
  /** The one WebSocket path that serves it. */
  readonly socketPath: string;
  readonly defaultSpeaker: string;
  readonly defaultSampleRate: number;
  readonly pace: Range;
  /** `undefined`: the field is ignored. */
  readonly pitch: Range | undefined;
  readonly loudness: Range | undefined;
  /** `none` has no effect, `sampled` is used, `forced` is checked and then replaced by 0.6. */
  readonly temperature: 'none' | 'sampled' | 'forced';
  readonly usesDictionary: boolean;
  /** Longest text of one REST request, in code points. */
  readonly restTextLimit: number;
  readonly beta: boolean;
  accepts(speaker: string): boolean;
}

/** The endpoint of bulbul:v2 and bulbul:v3. */
export const SOCKET_PATH = '/text-to-speech/ws';
/** The endpoint of bulbul:v4-flash. */
export const SOCKET_PATH_V2 = '/text-to-speech/ws/v2';

const v2: ModelRules = {
  name: 'bulbul:v2',
  title: 'Bulbul V2',
  socketPath: SOCKET_PATH,
  defaultSpeaker: 'anushka',
  defaultSampleRate: 22_050,
  pace: { min: 0.3, max: 3 },
  pitch: { min: -0.75, max: 0.75 },
  loudness: { min: 0.3, max: 3 },
  temperature: 'none',
  usesDictionary: false,
  restTextLimit: 1500,
  beta: false,
  accepts: (speaker) => V2_SPEAKERS.has(speaker),
};

const v3: ModelRules = {
  ...v2,
  name: 'bulbul:v3',
  title: 'Bulbul V3',
  defaultSpeaker: 'shubh',
  defaultSampleRate: 24_000,
  pace: { min: 0.5, max: 2 },
  pitch: undefined,
  loudness: undefined,
  temperature: 'sampled',
  usesDictionary: true,
  restTextLimit: 2500,
  accepts: (speaker) => V3_SPEAKERS.has(speaker),
};

const v4Flash: ModelRules = {
  ...v3,
  name: 'bulbul:v4-flash',
  title: 'Bulbul V4 Flash',
  socketPath: SOCKET_PATH_V2,
  defaultSpeaker: 'shubh_enhi_ads',
  pitch: { min: -0.5, max: 0.5 },
  loudness: { min: 0.1, max: 2.5 },
  temperature: 'forced',
  beta: true,
  accepts: isPersona,
};

/** What the service takes when a request names no model. */
export const DEFAULT_MODEL = 'bulbul:v2';

/** All models by their wire name. */
export const MODELS: ReadonlyMap<string, ModelRules> = new Map(
  [v2, v3, { ...v3, name: 'bulbul:v3-beta' }, v4Flash].map((rules) => [rules.name, rules]),
);

/** Whether any model has this speaker. */
export function isKnownSpeaker(speaker: string): boolean {
  return [...MODELS.values()].some((rules) => rules.accepts(speaker));
}
