import { createCache, createKeyspace } from '@warmline/cache-core';
import type { CacheEvent } from '@warmline/cache-core';
import { connectRedis, RedisTier, StreamBus } from '@warmline/cache-redis';
import { openTier } from '../processes/open-tier.ts';
import { serve } from '../processes/serve.ts';
import { Lag } from './lag.ts';
import { Reading } from './reading.ts';
import type { Versioned } from './reading.ts';
import { withoutOutbox } from './sabotage.ts';
import { Source } from './source.ts';
import { CACHES, tagOf, TTL_MS } from './stage.ts';
import type { Kind, Strike } from './strike.ts';
import { Writing } from './writing.ts';

/** Who a process is, and what it does wrong on purpose. */
export interface MemberPlan {
  readonly place: string;
  readonly directory: string;
  readonly redisUrl: string;
  readonly sourceUrl: string;
  readonly sabotage: string | undefined;
}

/** What a process has done since the last time it was asked. */
export interface MemberReport {
  /** Key, version and begin of each read that was served something, one behind another. */
  readonly reads: Float64Array;
  readonly strikes: readonly Strike[];
  readonly failedReads: number;
  readonly failedStrikes: number;
  readonly lagMs: number;
}

/** What this process can be asked. */
export interface MemberCalls {
  /** Begins to read, and goes on as long as it lives. */
  open(plan: MemberPlan): { readonly directory: string };
  /** Begins to invalidate. */
  write(input: { readonly everyMs: number }): void;
  rest(input: object): Promise<void>;
  /** Invalidates at once; is not part of the report. */
  strike(input: { readonly kind: Kind; readonly key: number }): Promise<Strike>;
  /** Asks Redis something. */
  touch(input: object): Promise<void>;
  report(input: object): MemberReport;
}

interface Work {
  readonly cluster: RedisTier;
  readonly reading: Reading;
  readonly writing: Writing;
}

const NOBODYS = createKeyspace({ name: 'staleness-touch' }).refOf('nothing');

const lag = new Lag();
let work: Work | undefined;

serve<MemberCalls>({
  open: ({ place, directory, redisUrl, sourceUrl, sabotage }) => {
    const host = openTier(directory);
    const connection = connectRedis({ url: redisUrl, onEvent: () => {} });
    const cluster = new RedisTier(connection);
    const tiers = [sabotage === 'no-outbox' ? withoutOutbox(host) : host, cluster];
    const bus = new StreamBus(connection);
    const owed = new Map<string, number>();
    const caches = CACHES.map((name) =>
      createCache<Versioned>({
        name: `staleness-${name}`,
        tiers,
        bus,
        ttl: TTL_MS,
        tagsOf: (key) => [tagOf(key)],
        onEvent: (event: CacheEvent) => {
          if (event.type === 'outbox') owed.set(`${name} ${event.to}`, event.pending);
        },
      }),
    );
    const source = new Source(sourceUrl);
    const isOwing = (): boolean => [...owed.values()].some((pending) => pending > 0);
    const reading = new Reading(caches, source);
    work = { cluster, reading, writing: new Writing(caches, source, CACHES.indexOf(`of-${place}`), isOwing) };
    void reading.run();
    return { directory: host.directory };
  },
  write: ({ everyMs }) => opened().writing.begin(everyMs),
  rest: () => opened().writing.rest(),
  strike: ({ kind, key }) => opened().writing.strike(kind, key),
  touch: async () => {
    // Whether it is answered is seen outside.
    await opened()
      .cluster.read([NOBODYS])
      .catch(() => {});
  },
  report: () => {
    const { reading, writing } = opened();
    const [failedReads, failedStrikes] = [reading.failed, writing.failed];
    reading.failed = writing.failed = 0;
    return { reads: reading.take(), strikes: writing.take(), failedReads, failedStrikes, lagMs: lag.take() };
  },
});

function opened(): Work {
  if (work === undefined) throw new Error('not opened');
  return work;
}
