import type { Bus, CacheOptions, SharedTier } from './index.ts';
import { createCache, MemoryBus, MemorySharedTier, Pump } from './index.ts';
import type { Opened } from './levels.fixture.ts';
import { withoutJournal } from './levels.fixture.ts';
import { FakeClock } from './testing/index.ts';
import { Recorder, turn } from './tier.fixture.ts';

/** A bus whose failures are at hand, and which delivers `delayMs` late if told so. */
export class UnsteadyBus implements Bus {
  readonly inner = new MemoryBus();
  /** Refuses messages. */
  refuses = false;
  /** Refuses subscriptions. */
  refusesSubscribers = false;
  /** Accepts messages and loses them. */
  loses = false;
  delayMs = 0;
  subscriptions = 0;
  readonly #clock: FakeClock;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  async publish(...[invalidation]: Parameters<Bus['publish']>): Promise<void> {
    if (this.refuses) throw new Error('bus down');
    if (!this.loses) await this.inner.publish(invalidation);
  }

  async subscribe(...[onMessage, onGap]: Parameters<Bus['subscribe']>): Promise<() => Promise<void>> {
    this.subscriptions++;
    if (this.refusesSubscribers) throw new Error('bus down');
    return this.inner.subscribe((invalidation) => {
      if (this.delayMs === 0) onMessage(invalidation);
      else this.#clock.after(this.delayMs, () => onMessage(invalidation));
    }, onGap);
  }
}

/** What hears over the bus: a machine with a host tier and a pump, or a lone process that listens itself. */
export interface Hearer {
  /** A new process on the machine; the lone process itself. */
  open(more?: Partial<CacheOptions<unknown>>): Opened;
  /** Events of the pump; those of a lone process are its own. */
  readonly told: Recorder;
  close(): Promise<void>;
}

export type HearerKind = 'machines' | 'lone processes' | 'lone processes with a cluster';
export const HEARERS: readonly HearerKind[] = ['machines', 'lone processes', 'lone processes with a cluster'];

/** How long a lone process believes to hear after a proof; machines here are given the same. */
export const LIVE_MS = 5000;

/** Two of a kind on one bus, and a cluster that keeps no journal. */
export async function hearers(
  kind: HearerKind,
  common: Partial<CacheOptions<unknown>> = {},
  prepare: (bus: UnsteadyBus) => void = () => {},
) {
  const clock = new FakeClock();
  const bus = new UnsteadyBus(clock);
  prepare(bus);
  const cluster = withoutJournal(new MemorySharedTier({ name: 'cluster', clock }));
  const make = (): Hearer => {
    const told = new Recorder();
    const ends: (() => Promise<void>)[] = [];
    const tiers: SharedTier[] = kind === 'lone processes' ? [] : [cluster];
    if (kind === 'machines') {
      const host = new MemorySharedTier({ name: 'host', clock });
      const { origin } = host;
      const pump = new Pump({ bus, target: host, origin, clock, liveMs: LIVE_MS, onEvent: told.onEvent });
      ends.push(() => pump.close());
      tiers.unshift(host);
    }
    const open = (more: Partial<CacheOptions<unknown>> = {}): Opened => {
      const recorder = kind === 'machines' ? new Recorder() : told;
      const options = { name: 'n', clock, tiers, bus, tagsOf: () => ['t'], backOffMs: 0, ...common, ...more };
      const cache = createCache<unknown>({ ...options, onEvent: recorder.onEvent });
      ends.push(() => cache.close());
      return { cache, recorder };
    };
    return {
      open,
      told,
      close: async () => {
        await Promise.all(ends.map((end) => end()));
      },
    };
  };
  const [a, b] = [make(), make()];
  await turn();
  return { clock, bus, cluster, a, b };
}
