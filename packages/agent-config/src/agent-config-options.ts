import type { CacheOptions } from '@warmline/cache-core';
import type { AgentConfig } from './agent-config.ts';
import type { AgentConfigListener } from './agent-config-event.ts';
import type { AgentShape } from './agent-shape.ts';
import type { AgentSource } from './agent-source.ts';
import type { WatchState } from './watch-state.ts';

/** How much traffic there is. `high` keeps configurations five minutes instead of one, and has room for four times as many bytes. */
export type Profile = 'low' | 'high';

/** Options of `AgentConfigService`. Durations are milliseconds. */
export type AgentConfigServiceOptions<C = AgentConfig> = CommonOptions<C> &
  // Another shape must say what it is; it has no default.
  ([AgentConfig] extends [C] ? unknown : { readonly shape: AgentShape<C> });

interface CommonOptions<C> extends Pick<CacheOptions<unknown>, 'scope' | 'tiers' | 'bus' | 'clock' | 'unwatchedTtl'> {
  readonly source: AgentSource;
  /** What configurations are and how prompts are built of them. @default those of `AgentConfig` and `buildPrompt` */
  readonly shape?: AgentShape<C>;
  /** @default 'low' */
  readonly profile?: Profile;
  /** How long a configuration is believed, when nothing is heard of it. @default 60_000, with the profile `high` 300_000 */
  readonly ttl?: number;
  /** How long a prompt is kept. @default 600_000 */
  readonly promptTtl?: number;
  /** How long each call of the source may take. @default 2_000 */
  readonly timeoutMs?: number;
  /**
   * How this machine hears of changes, asked at every read. `live`: what has outlived its time is served at once and loaded
   * behind the caller's back, because it has not changed. `lapsed`: what is older than `unwatchedTtl` is served only if the
   * source fails. @default 'none'
   */
  readonly watch?: () => WatchState;
  /** Told of everything that happens. Without a listener, what should not happen becomes a process warning. */
  readonly onEvent?: AgentConfigListener;
}

/** What a profile decides. */
export interface ProfileSettings {
  readonly ttl: number;
  /** Bound of the process tier for configurations: about 1,000 of 8 KiB (`low`). */
  readonly configBytes: number;
  /** Bound of the process tier for prompts: about 500 of 32 KiB (`low`). */
  readonly promptBytes: number;
}

const MIB = 2 ** 20;
const PROFILES: Readonly<Record<Profile, ProfileSettings>> = {
  low: { ttl: 60_000, configBytes: 8 * MIB, promptBytes: 16 * MIB },
  high: { ttl: 300_000, configBytes: 32 * MIB, promptBytes: 64 * MIB },
};

/** @throws TypeError naming the profile and those there are. */
export function settingsOf(profile: Profile): ProfileSettings {
  if (!Object.hasOwn(PROFILES, profile)) {
    throw new TypeError(`profile must be one of ${Object.keys(PROFILES).join(', ')}, got ${profile}`);
  }
  return PROFILES[profile];
}

/** @throws TypeError unless the value is a number above 0. */
export function positive(name: string, value: number): number {
  if (typeof value !== 'number' || !(value > 0))
    throw new TypeError(`${name} must be a number above 0, got ${String(value)}`);
  return value;
}
