import type { AgentConfigService, ChangeFeed, WarmedAgents } from '@warmline/agent-config';
import { Pump } from '@warmline/cache-core';
import { Courier, foldStatistics, Keeper, LeasedService } from '@warmline/cache-lmdb';
import type { HostTier, MachineStatistics, Service } from '@warmline/cache-lmdb';
import type { CachedTts, Warmed } from '@warmline/tts-cache';
import type { WatchOptions } from './change-watch.ts';
import { recordInMemory, watchChanges } from './change-watch.ts';
import type { Cluster } from './cluster.ts';
import { Warmer } from './warmer.ts';
import type { WarmListOptions } from './warmer.ts';
import { Warmline } from './warmline.ts';
import type { WarmlineOptions } from './warmline.ts';

/** @see startHost */
export interface HostOptions extends WarmlineOptions {
  /** Of the host tier's `maxBytes`: what one scope may hold before it is the first to make space. @default 0.5 */
  readonly scopeShare?: number;
  /** Of the host tier's `maxBytes`: pinned entries beyond it are evicted like others. @default 0.5 */
  readonly pinShare?: number;
}

/**
 * Starts the host service, in the worker process that lives on between calls: it makes space in the machine's host tier, keeps
 * phrases warm, adds up what calls have counted, and with `redis` hears what other machines invalidate. Of several on one machine one does the work; when it dies another takes
 * over within two seconds. Nothing of it keeps the process alive.
 */
export async function startHost(options: HostOptions = {}): Promise<Host> {
  const { scopeShare, pinShare, ...rest } = options;
  const warmline = new Warmline(rest);
  const { host, cluster } = warmline;
  const keeper =
    host &&
    new Keeper(host, {
      duties: [foldStatistics(host)],
      services:
        cluster === undefined
          ? []
          : [() => pumpOf(host, cluster, options.onEvent), () => courierOf(host, cluster, options.onEvent)],
      ...(scopeShare !== undefined && { scopeShare }),
      ...(pinShare !== undefined && { pinShare }),
      ...(options.onEvent && { onEvent: options.onEvent }),
    });
  return new Host(warmline, keeper, options.onEvent);
}

/** Carries what other machines invalidate into this one. */
function pumpOf(target: HostTier, { bus }: Cluster, onEvent: WarmlineOptions['onEvent']): Pump {
  return new Pump({
    bus,
    target,
    onEvent: (event) => {
      if (event.type === 'gap' || event.type === 'bus-error') onEvent?.(event);
    },
  });
}

/** Delivers what processes of this machine have invalidated and could not tell the cluster before they died. */
function courierOf(host: HostTier, { tier, bus }: Cluster, onEvent: WarmlineOptions['onEvent']): Courier {
  return new Courier(host, {
    isReady: () => tier.isAvailable !== false,
    deliver: async (invalidation) => {
      await tier.invalidate(invalidation);
      // Somebody may have promoted the old value from the cluster since.
      await host.invalidate(invalidation);
      await bus.publish({ ...invalidation, origin: host.origin });
    },
    ...(onEvent && { onEvent }),
  });
}

/** A machine's host service; made by {@link startHost}. */
export class Host {
  readonly warmline: Warmline;
  readonly #keeper: Keeper | undefined;
  readonly #warmer: Warmer;
  readonly #onEvent: HostOptions['onEvent'];
  #watching: Service | undefined;

  /** @internal */
  constructor(warmline: Warmline, keeper: Keeper | undefined, onEvent: HostOptions['onEvent']) {
    this.warmline = warmline;
    this.#keeper = keeper;
    this.#onEvent = onEvent;
    this.#warmer = new Warmer(warmline.host);
  }

  /** Whether this process is the one that does the work for its machine now. */
  get isKeeper(): boolean {
    return this.#keeper?.isHolding ?? false;
  }

  /**
   * Makes phrases ready before the first call, and again before they expire. Each is spoken once for the machine, however many
   * workers ask, and no faster than `perMinute`. Resolves when they are ready; does not reject when the provider fails.
   */
  warm(voice: CachedTts, phrases: Iterable<string>, options?: WarmListOptions): Promise<Warmed> {
    return this.#warmer.warm(voice, phrases, options);
  }

  /**
   * Hears of every commit at the source, and invalidates what it touches on this machine and in the cluster tier: an update is read by
   * every process within 100 ms. Of several workers of this scope on the machine one does; with several machines each has to.
   * While nobody can prove that it hears, calls believe what is older than five seconds only if the source does not answer.
   * The feed may keep the process alive until `close`.
   * @throws TypeError when this host watches already: two feeds cannot vouch for each other.
   */
  watch(feed: ChangeFeed, options: WatchOptions): void {
    if (this.#watching !== undefined)
      throw new TypeError('this host watches a feed already; a feed tells of agents and knowledge');
    const { watch, host, scope } = this.warmline;
    if (watch === undefined || host === undefined) {
      this.#watching = watchChanges(feed, recordInMemory(), options);
      return;
    }
    const start = (): Service => watchChanges(feed, watch, options);
    this.#watching = new LeasedService(host, {
      name: `watch/${scope}`,
      start,
      ...(this.#onEvent && { onEvent: this.#onEvent }),
    });
  }

  /**
   * Loads the agents most worth having before the first call asks for them: once for the machine, however many workers ask.
   * Does not reject when the source fails.
   * @param options `limit`: how many. 100 if not given.
   */
  warmAgents(
    agents: Pick<AgentConfigService<unknown>, 'warmTop'>,
    { limit = 100 }: { readonly limit?: number } = {},
  ): Promise<WarmedAgents> {
    return this.#warmer.alone('agents', () => agents.warmTop(limit));
  }

  /** What all processes of the machine have counted; `undefined` without a host tier. */
  statistics(): MachineStatistics | undefined {
    return this.warmline.statistics();
  }

  /** Leaves the work to another process. */
  async close(): Promise<void> {
    this.#warmer.close();
    await this.#watching?.close();
    await this.#keeper?.close();
    await this.warmline.close();
  }
}
