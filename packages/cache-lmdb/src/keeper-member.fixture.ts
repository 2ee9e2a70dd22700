import { setTimeout as sleep } from 'node:timers/promises';
import type { HostEvent } from './events.ts';
import { openHostTier } from './open-host-tier.ts';
import type { HostTier, HostTierOptions } from './host-tier.ts';
import { Keeper } from './keeper.ts';
import type { KeeperOptions } from './keeper.ts';
import { LeasedService } from './leased-service.ts';
import { refOf, serve } from './machine.fixture.ts';
import { foldStatistics, StatisticsPublisher } from './statistics.ts';

let tier: HostTier | undefined;
let keeper: Keeper | undefined;
let offered: LeasedService | undefined;
const events: HostEvent[] = [];
const services: string[] = [];

function opened(): HostTier {
  if (tier === undefined) throw new Error('no host tier');
  return tier;
}

/** A process that keeps the machine's host tier, or reads and counts in it. */
serve({
  open: (options: HostTierOptions) => {
    tier = openHostTier(options);
    return tier !== undefined;
  },
  keep: (options: KeeperOptions = {}) => {
    keeper = new Keeper(opened(), {
      ...options,
      duties: [foldStatistics(opened())],
      services: [
        () => {
          services.push('started');
          return { close: async () => void services.push('closed') };
        },
      ],
      onEvent: (event) => events.push(event),
    });
  },
  services: () => services,
  /** Offers a service of a name. */
  offer: (name: string) => {
    const start = (): { close(): Promise<void> } => {
      services.push(`${name} started`);
      return { close: async () => void services.push(`${name} closed`) };
    };
    offered = new LeasedService(opened(), { name, start });
  },
  withdraw: () => offered?.close(),
  letGo: () => keeper?.close(),
  isHolding: () => keeper?.isHolding,
  states: () => events.flatMap((event) => (event.type === 'keeper' ? [event.state] : [])),
  failures: () =>
    events.flatMap((event) => (event.type === 'duty-failed' ? [`${event.duty}: ${String(event.error)}`] : [])),
  /** Reads entries again and again, until the process ends. Answers after the first time. */
  readOn: async (keys: readonly string[], scope: string) => {
    const read = async (): Promise<unknown> => opened().read(keys.map((key) => refOf(key, scope)));
    await read();
    void (async () => {
      for (;;) {
        await read();
        await sleep(100);
      }
    })();
  },
  /** Counts one a millisecond. Answers with when it began to. */
  count: () => {
    const from = process.hrtime.bigint();
    // oxlint-disable-next-line no-new -- it publishes until the process ends
    new StatisticsPublisher(opened(), () => ({ ms: Number((process.hrtime.bigint() - from) / 1_000_000n) }));
    return from;
  },
  /** Counts so much, publishes it and leaves. */
  countAndClose: async (counters: Record<string, number>) => {
    const publisher = new StatisticsPublisher(opened(), () => counters);
    await publisher.close();
  },
  /** Folds without a pause, as a process does that still takes itself for the keeper. */
  foldOn: () => {
    const duty = foldStatistics(opened());
    void (async () => {
      for (;;) {
        await duty.run();
        await sleep(1);
      }
    })();
  },
});
