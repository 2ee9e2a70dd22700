import type { Price } from '@warmline/tts-cache';
import type { LoggedObservation } from './logged-observation.ts';
import { forecastMoney } from './money-forecast.ts';
import type { MoneyForecast } from './money-forecast.ts';
import { HOST_TTL_MS, replay } from './replay.ts';
import type { Replayed } from './replay.ts';

/** How much of what was said a cache would have had. Characters are UTF-16 units. */
export interface Share {
  readonly sentences: number;
  readonly characters: number;
  readonly hits: number;
  readonly hitCharacters: number;
}

/** A sentence worth warming. */
export interface RepeatedPhrase {
  readonly text: string;
  readonly said: number;
  readonly hits: number;
  readonly hitCharacters: number;
}

/** What caching would have saved. Durations are milliseconds, moments wall time. */
export interface Forecast {
  readonly period: { readonly fromMs: number; readonly untilMs: number; readonly days: number };
  readonly calls: number;
  readonly all: Share;
  /** The first call of each agent, each on a machine that has heard nothing yet. */
  readonly firstCalls: Share;
  /** With the cache filled: `since` the end of the first day where there are two, else in the second half of the sentences. */
  readonly steady: Share & { readonly since: 'first-day' | 'second-half' };
  readonly groups: readonly (Share & { readonly agent: string | undefined; readonly language: string | undefined })[];
  /** Sentences that the admission policy keeps out. */
  readonly notAdmitted: number;
  /** Over at least one day: less is not extrapolated. */
  readonly perDay: {
    readonly hitCharacters: number;
    /** Waiting for the first audio of a reply, where its first sentence would have been a hit. */
    readonly waitMs: number;
  } & MoneyForecast;
  /** Mean wait for the first audio of a reply, and in how many replies it was measured. */
  readonly firstAudio: { readonly meanMs: number; readonly replies: number };
  /** Those that save most; `undefined` where no text was kept. */
  readonly phrases: readonly RepeatedPhrase[] | undefined;
  readonly hostTtlMs: number;
}

/** @see forecast */
export interface ForecastOptions {
  /** What the provider charges you, for all providers alike. @default its list price, where known */
  readonly price?: Price;
  /** How many phrases are listed at most. @default 20 */
  readonly phrases?: number;
}

const DAY_MS = 24 * 3_600_000;

/** What the default composition (a process tier a call, one host tier) would have done with the same traffic. */
export function forecast(observations: readonly LoggedObservation[], options: ForecastOptions = {}): Forecast {
  const replayed = replay(observations);
  const fromMs = replayed[0]?.observation.startedAtMs ?? 0;
  const untilMs = replayed.at(-1)?.observation.startedAtMs ?? fromMs;
  const days = Math.max(1, (untilMs - fromMs) / DAY_MS);
  const hits = replayed.filter(({ hit }) => hit);
  const all = shareOf(replayed);
  const waits = replayed.flatMap(({ observation }) => observation.firstAudioMs ?? []);
  const savedWaits = hits.flatMap(({ observation }) => observation.firstAudioMs ?? []);
  return {
    period: { fromMs, untilMs, days },
    calls: new Set(replayed.map(({ observation }) => observation.call)).size,
    all,
    firstCalls: shareOf(firstCalls(replayed)),
    steady: steadyState(replayed, fromMs, untilMs),
    groups: byAgentAndLanguage(replayed),
    notAdmitted: replayed.filter(({ observation }) => !observation.admitted).length,
    perDay: {
      hitCharacters: all.hitCharacters / days,
      waitMs: sum(savedWaits) / days,
      ...forecastMoney(replayed, days, options.price),
    },
    firstAudio: { meanMs: waits.length === 0 ? 0 : sum(waits) / waits.length, replies: waits.length },
    phrases: repeatedPhrases(replayed)?.slice(0, options.phrases ?? 20),
    hostTtlMs: HOST_TTL_MS,
  };
}

function shareOf(replayed: readonly Replayed[]): Share {
  const hits = replayed.filter(({ hit }) => hit);
  return {
    sentences: replayed.length,
    characters: charsOf(replayed),
    hits: hits.length,
    hitCharacters: charsOf(hits),
  };
}

function firstCalls(replayed: readonly Replayed[]): Replayed[] {
  const byAgent = Map.groupBy(replayed, ({ observation }) => observation.agent);
  return [...byAgent.values()].flatMap((own) => {
    const first = own[0]?.observation.call;
    return replay(own.map(({ observation }) => observation).filter(({ call }) => call === first));
  });
}

function steadyState(replayed: readonly Replayed[], fromMs: number, untilMs: number): Forecast['steady'] {
  if (untilMs - fromMs < 2 * DAY_MS) {
    return { ...shareOf(replayed.slice(Math.floor(replayed.length / 2))), since: 'second-half' };
  }
  const later = replayed.filter(({ observation }) => observation.startedAtMs >= fromMs + DAY_MS);
  return { ...shareOf(later), since: 'first-day' };
}

function byAgentAndLanguage(replayed: readonly Replayed[]): Forecast['groups'] {
  const groups = Map.groupBy(replayed, ({ observation: { agent, language } }) => JSON.stringify([agent, language]));
  return [...groups.values()]
    .map((own) => ({
      agent: own[0]?.observation.agent,
      language: own[0]?.observation.language,
      ...shareOf(own),
    }))
    .toSorted((a, b) => b.characters - a.characters);
}

function repeatedPhrases(replayed: readonly Replayed[]): RepeatedPhrase[] | undefined {
  if (!replayed.some(({ observation }) => observation.text !== undefined)) return undefined;
  const byKey = Map.groupBy(replayed, ({ observation }) => observation.key);
  return [...byKey.values()]
    .map((own) => {
      const { hits, hitCharacters } = shareOf(own);
      return {
        text: own.find(({ observation }) => observation.text)?.observation.text ?? '',
        said: own.length,
        hits,
        hitCharacters,
      };
    })
    .filter(({ text, hits }) => text !== '' && hits > 0)
    .toSorted((a, b) => b.hitCharacters - a.hitCharacters);
}

function charsOf(replayed: readonly Replayed[]): number {
  return sum(replayed.map(({ observation }) => observation.chars));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
