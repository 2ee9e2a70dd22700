import { Pump } from '@warmline/cache-core';
import type { CacheEvent } from '@warmline/cache-core';
import { Courier, Keeper } from '@warmline/cache-lmdb';
import type { HostEvent, HostTier } from '@warmline/cache-lmdb';
import { connectRedis, RedisTier, StreamBus } from '@warmline/cache-redis';
import { openTier } from '../processes/open-tier.ts';
import { serve } from '../processes/serve.ts';
import { Lag } from './lag.ts';
import { withoutDeadMan, withoutGaps } from './sabotage.ts';

/** What a host service has seen since the last time it was asked. */
export interface ServiceReport {
  readonly gaps: number;
  readonly busErrors: number;
  /** How often it has become the keeper of its machine. */
  readonly kept: number;
  readonly failedDuties: number;
  readonly lagMs: number;
}

/** What this process can be asked. */
export interface ServiceCalls {
  open(input: { readonly directory: string; readonly url: string; readonly sabotage: string | undefined }): {
    readonly directory: string;
  };
  /** Whether the machine is known to hear what others invalidate. */
  isLive(input: object): boolean;
  report(input: object): ServiceReport;
}

const lag = new Lag();
let tier: HostTier | undefined;
let counts = noCounts();

serve<ServiceCalls>({
  open: ({ directory, url, sabotage }) => {
    const host = (tier = openTier(directory));
    const connection = connectRedis({ url, onEvent: () => {} });
    const [cluster, stream] = [new RedisTier(connection), new StreamBus(connection)];
    const bus = sabotage === 'no-anchor-check' ? withoutGaps(stream) : stream;
    const target = sabotage === 'no-dead-man' ? withoutDeadMan(host) : host;
    // As `startHost` of `@warmline/livekit`.
    void new Keeper(host, {
      services: [
        () => new Pump({ bus, target, onEvent }),
        ...(sabotage === 'no-outbox' ? [] : [() => courierOf(host, cluster, stream)]),
      ],
      onEvent: hostEvent,
    });
    return { directory: host.directory };
  },
  isLive: () => tier !== undefined && (tier.journal.liveUntil() ?? 0) > tier.now(),
  report: () => {
    const report = { ...counts, lagMs: lag.take() };
    counts = noCounts();
    return report;
  },
});

/** Delivers what processes of this machine could not tell the cluster before they died. */
function courierOf(host: HostTier, cluster: RedisTier, bus: StreamBus): Courier {
  return new Courier(host, {
    isReady: () => cluster.isAvailable,
    deliver: async (invalidation) => {
      await cluster.invalidate(invalidation);
      await host.invalidate(invalidation);
      await bus.publish({ ...invalidation, origin: host.origin });
    },
    onEvent: hostEvent,
  });
}

function hostEvent(event: HostEvent): void {
  if (event.type === 'keeper' && event.state === 'holding') counts.kept++;
  if (event.type === 'duty-failed') counts.failedDuties++;
}

function onEvent(event: CacheEvent): void {
  if (event.type === 'gap') counts.gaps++;
  else if (event.type === 'bus-error') counts.busErrors++;
}

function noCounts(): { gaps: number; busErrors: number; kept: number; failedDuties: number } {
  return { gaps: 0, busErrors: 0, kept: 0, failedDuties: 0 };
}
