import type { Change, ChangeFeed } from '@warmline/agent-config';
import { convexAgentSource, convexChangeFeed } from '@warmline/agent-config/convex-client';
import { startHost } from '@warmline/livekit';
import type { Host } from '@warmline/livekit';
import { monotonicMs } from '../processes/monotonic.ts';
import { Lag } from '../staleness/lag.ts';
import type { SourceRead } from './counted-source.ts';
import { CountedSource } from './counted-source.ts';
import type { Place } from './place.ts';
import { warmlineOptions } from './place.ts';

/** What a host service has heard and done since it was asked last; times on the clock that all processes share. */
export interface Heard {
  /** When the feed handed over a window. */
  readonly windowsMs: readonly number[];
  /** When the feed handed over what nobody had told of before. */
  readonly told: readonly { readonly agentId: string; readonly atMs: number }[];
  /** When a change had been applied. */
  readonly applied: readonly { readonly agentId: string; readonly atMs: number }[];
  readonly states: readonly { readonly state: 'live' | 'lapsed'; readonly atMs: number }[];
  readonly reads: readonly SourceRead[];
  readonly lagMs: number;
}

/** What the host service of a machine can be asked. */
export interface HostCalls {
  /** Closes what was open before. */
  open(input: Place & { readonly feedUrl: string }): Promise<{ readonly directory: string }>;
  /** Whether it vouches for hearing of every update. */
  isLive(input: object): boolean;
  heard(input: object): Heard;
}

const lag = new Lag();
let host: Host | undefined;
let source: CountedSource | undefined;
let isLive = false;
let windowsMs: number[] = [];
let told: { agentId: string; atMs: number }[] = [];
let newest = 0n;
let applied: { agentId: string; atMs: number }[] = [];
let states: { state: 'live' | 'lapsed'; atMs: number }[] = [];

/** What it does for each question. */
export const hostCalls: HostCalls = {
  open: async (place) => {
    await host?.close();
    isLive = false;
    take();
    const { url, secret, feedUrl, sabotage } = place;
    host = await startHost(warmlineOptions(place));
    if (host.warmline.host === undefined) throw new Error('no host tier');
    source = new CountedSource(convexAgentSource({ url, secret }));
    const agents = host.warmline.agents({ source, onEvent: () => {} });
    const apply = async (change: Change): Promise<void> => {
      if (sabotage === 'no-last-good') await agents.forget(change.id);
      else await agents.applyChange(change);
      applied.push({ agentId: change.id, atMs: monotonicMs() });
    };
    if (sabotage !== 'no-watch') {
      host.watch(noted(convexChangeFeed({ url: feedUrl, secret })), {
        agents: {
          applyChange: apply,
          applyGap: () => agents.applyGap(),
          // Where what is updated is to be forgotten, it must not be loaded again at once.
          warm: async (ids) => (sabotage === 'no-last-good' ? { ready: 0, failed: 0 } : agents.warm(ids)),
        },
        onEvent: onWatchEvent,
      });
    }
    return { directory: host.warmline.host.directory };
  },
  isLive: () => isLive,
  heard: take,
};

/** The feed as it is, and when it spoke. */
function noted(feed: ChangeFeed): ChangeFeed {
  return {
    subscribe: (listener) =>
      feed.subscribe({
        onWindow: (window) => {
          const atMs = monotonicMs();
          windowsMs.push(atMs);
          told.push(...window.changes.filter(({ at }) => at > newest).map(({ id }) => ({ agentId: id, atMs })));
          newest = window.changes.at(-1)?.at ?? 0n;
          listener.onWindow(window);
        },
        onError: (error) => listener.onError(error),
      }),
  };
}

function onWatchEvent(
  event: { readonly type: string } | { readonly type: 'watch'; readonly state: 'live' | 'lapsed' },
): void {
  if (!('state' in event)) return;
  isLive = event.state === 'live';
  states.push({ state: event.state, atMs: monotonicMs() });
}

function take(): Heard {
  const heard = { windowsMs, told, applied, states, reads: source?.take() ?? [], lagMs: lag.take() };
  windowsMs = [];
  told = [];
  applied = [];
  states = [];
  return heard;
}
