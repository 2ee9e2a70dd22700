import type { tts } from '@livekit/agents';
import { observedTts } from '@warmline/tts-cache';
import type { Admission, CachedTts, Voice } from '@warmline/tts-cache';
import { ObservationLog } from './observe/observation-log.ts';
import type { ObservationLogOptions } from './observe/observation-log.ts';
import { observationDirectory } from './observe/observation-directory.ts';
import { voiceOf } from './voice-of.ts';
import { Warmline } from './warmline.ts';
import type { WarmlineOptions, WarmTtsOptions } from './warmline.ts';

/** @see cachedTts */
export interface CachingOptions extends WarmTtsOptions {
  readonly mode?: 'cache';
  /** Where the speech is kept. @default one of the process's own, with the defaults of `openWarmline` */
  readonly warmline?: Warmline;
  /** Options of the process's own, when no `warmline` is given. */
  readonly scope?: WarmlineOptions['scope'];
}

/** @see cachedTts */
export interface ObservingOptions extends Partial<ObservationLogOptions> {
  readonly mode: 'observe';
  readonly voice?: Voice;
  /** Under which name the report lists these calls. @default none */
  readonly agent?: string;
  /** Which sentences the cache would store. @default admitPhrase */
  readonly admit?: Admission;
}

/** The process's own, by scope: several TTS of a process share their phrases. */
const ofProcess = new Map<string, Warmline>();

/**
 * Puts the cache in front of a LiveKit TTS: what any process of this machine has spoken in this voice is heard at once and paid
 * once. With `mode: 'observe'` nothing is cached and nothing changes: it only writes down what caching would have saved, for
 * `npx @warmline/livekit report`.
 * @throws TypeError when no voice is given and the TTS does not tell its own.
 */
export function cachedTts(inner: tts.TTS, options?: CachingOptions): CachedTts;
export function cachedTts<T extends tts.TTS>(inner: T, options: ObservingOptions): T;
export function cachedTts(inner: tts.TTS, options: CachingOptions | ObservingOptions = {}): tts.TTS {
  if (options.mode === 'observe') return observed(inner, options);
  if (options.mode !== undefined && options.mode !== 'cache') {
    throw new TypeError(`mode must be 'cache' or 'observe', got ${JSON.stringify(options.mode)}`);
  }
  const { mode: _mode, warmline, scope = 'default', ...rest } = options;
  return (warmline ?? warmlineOf(scope)).tts(inner, rest);
}

function warmlineOf(scope: string): Warmline {
  const existing = ofProcess.get(scope);
  if (existing !== undefined) return existing;
  const warmline = new Warmline({ scope });
  ofProcess.set(scope, warmline);
  return warmline;
}

function observed<T extends tts.TTS>(inner: T, options: ObservingOptions): T {
  const {
    mode: _mode,
    voice = voiceOf(inner),
    agent,
    admit,
    directory = observationDirectory(),
    ...logOptions
  } = options;
  const log = new ObservationLog({ ...logOptions, directory });
  return observedTts(inner, {
    voice,
    onObservation: log.record,
    onClose: () => log.close(),
    ...(agent !== undefined && { agent }),
    ...(admit && { admit }),
    ...(options.clock && { clock: options.clock }),
  });
}
