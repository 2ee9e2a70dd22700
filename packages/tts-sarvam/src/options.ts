import { systemClock } from './clock.ts';
import type { Clock } from './clock.ts';
import { guarded } from './events.ts';
import type { SarvamEvent } from './events.ts';
import { createSocketPool } from './sarvam-pool.ts';
import type { SarvamPool, SarvamPoolOptions } from './sarvam-pool.ts';
import { SocketPool } from './socket-pool.ts';

/** How audio travels. */
export type Transport = 'rest' | 'websocket';

/** What a voice sounds like. All may be changed with `updateOptions`. */
export interface VoiceOptions {
  /** Wire name; an unknown one passes with an event. @default 'bulbul:v3' */
  model?: string;
  /** A voice of the model; an unknown one passes with an event. @default shubh, for v2 anushka, for v4-flash shubh_enhi_ads */
  speaker?: string;
  /** One of bn, en, gu, hi, kn, ml, mr, od, pa, ta, te with `-IN`. @default 'en-IN' */
  language?: string;
  /** Speed of speech: v3 and v4-flash 0.5 to 2, v2 0.3 to 3. @default 1 */
  pace?: number;
  /** v2 -0.75 to 0.75, v4-flash -0.5 to 0.5. @default 0 */
  pitch?: number;
  /** v2 0.3 to 3, v4-flash 0.1 to 2.5. @default 1 */
  loudness?: number;
  /** Variety of the delivery, v3 and v4-flash: 0.01 to 1. @default 0.6 */
  temperature?: number;
  /** A pronunciation dictionary, not for v2. @default none */
  dictId?: string;
  /** Normalise numbers and mixed scripts; v3 always does. @default true, for v2 false */
  enablePreprocessing?: boolean;
  /** Characters Sarvam waits for before it starts, 30 to 200. We flush after each sentence. @default 50 */
  minBufferSize?: number;
  /** Longest piece Sarvam speaks in one go, 50 to 500 characters. @default 150 */
  maxChunkLength?: number;
}

/** Changes of a voice; `null` goes back to the model's default. */
export type VoiceUpdate = { [Field in keyof VoiceOptions]?: VoiceOptions[Field] | null };

/** Settings of a {@link TTS}. */
export interface TTSOptions extends VoiceOptions {
  /** @default the environment variable SARVAM_API_KEY */
  apiKey?: string;
  /** Hz: 8000, 16000, 22050, 24000; over REST also 32000, 44100, 48000. @default 24000, for v2 22050 */
  sampleRate?: number;
  /** Where Sarvam is; the WebSocket address is derived from it. @default 'https://api.sarvam.ai' */
  baseUrl?: string;
  /** `rest` never opens a socket. @default 'websocket' */
  transport?: Transport;
  /** A pool to share between several TTS, which you close, or the settings of an own one. @default { maxConnections: 4 } */
  pool?: SarvamPool | SarvamPoolOptions;
  /** Longest handshake of a socket of the own pool, in ms. @default 10000 */
  connectTimeoutMs?: number;
  /** How long a complete sentence waits for a socket before it goes by REST, in ms. @default 1000 */
  socketWaitMs?: number;
  /** Longest silence between two messages of an utterance, and longest REST request, in ms. @default connOptions.timeoutMs (10000) */
  receiveTimeoutMs?: number;
  /** Hears warnings, retries, fallbacks and what the own pool does. @default none */
  onEvent?: (event: SarvamEvent) => void;
  /** Source of time, for tests. @default the system's */
  clock?: Clock;
}

/** What of the options never changes. */
export interface Setup {
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly transport: Transport;
  readonly pool: SarvamPool;
  readonly ownsPool: boolean;
  readonly socketWaitMs: number;
  readonly receiveTimeoutMs: number | undefined;
  readonly onEvent: (event: SarvamEvent) => void;
  readonly clock: Clock;
}

/**
 * Checks the options that never change and fills in their defaults.
 * @throws TypeError naming the option and what is allowed
 */
export function resolveSetup(options: TTSOptions): Setup {
  const apiKey = options.apiKey ?? process.env['SARVAM_API_KEY'];
  if (apiKey === undefined || apiKey === '') {
    throw new TypeError('apiKey is missing: give the option or set the environment variable SARVAM_API_KEY');
  }
  const { transport = 'websocket', receiveTimeoutMs, clock = systemClock } = options;
  if (transport !== 'websocket' && transport !== 'rest') {
    throw new TypeError(`transport must be 'websocket' or 'rest', not '${String(transport)}'`);
  }
  const onEvent = guarded(options.onEvent);
  const connectTimeoutMs = positive('connectTimeoutMs', options.connectTimeoutMs ?? 10_000);
  const ownsPool = !(options.pool instanceof SocketPool);
  return {
    apiKey,
    baseUrl: checkBaseUrl(options.baseUrl ?? 'https://api.sarvam.ai'),
    transport,
    pool:
      options.pool instanceof SocketPool
        ? options.pool
        : createSocketPool({ connectTimeoutMs, onEvent, clock, ...options.pool }),
    ownsPool,
    socketWaitMs: positive('socketWaitMs', options.socketWaitMs ?? 1000),
    receiveTimeoutMs: receiveTimeoutMs === undefined ? undefined : positive('receiveTimeoutMs', receiveTimeoutMs),
    onEvent,
    clock,
  };
}

function positive(field: string, value: number): number {
  if (value > 0) return value;
  throw new TypeError(`${field} must be a positive number of ms, not ${String(value)}`);
}

function checkBaseUrl(value: string): string {
  const url = URL.parse(value);
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return value.replace(/\/+$/u, '');
  throw new TypeError(`baseUrl must be an http or https address, not '${value}'`);
}
