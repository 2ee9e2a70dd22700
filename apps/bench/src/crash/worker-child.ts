import { AccountPermits, Keeper } from '@warmline/cache-lmdb';
import type { HostTier } from '@warmline/cache-lmdb';
import { serve, tell } from '../processes/serve.ts';
import { openTier } from '../processes/open-tier.ts';
import { Counters } from './counters.ts';
import type { Counts } from './counters.ts';
import { Load } from './load.ts';
import type { Looked } from './load.ts';
import { PermitHolder } from './permit-holder.ts';
import type { PermitNote } from './permit-holder.ts';
import { accountOf, tierOptions } from './stage.ts';
import { StateFile } from './state-file.ts';

/** Who a worker is, and what it does wrong on purpose. */
export interface WorkerPlan {
  readonly directory: string;
  readonly place: number;
  readonly stateFile: string;
  /** Takes part in keeping the machine's tier. */
  readonly keeps: boolean;
  readonly sabotage: string | undefined;
}

/** What a worker tells by itself. */
export type WorkerNote =
  | { readonly type: 'counts'; readonly counts: Counts }
  | { readonly type: 'keeper'; readonly state: 'holding' | 'lost' }
  | PermitNote;

/** What this process can be asked. */
export interface WorkerCalls {
  /** Begins to work, and goes on until it is told to finish or killed. */
  work(plan: WorkerPlan): Promise<{ readonly tierDirectory: string }>;
  /** Reads a key that it has never had. */
  look(input: { readonly key: string }): Promise<Looked>;
  /** Ends all work, and closes everything. */
  finish(input: object): Promise<Counts>;
}

const COUNTS_EVERY_MS = 50;
const OWN_PERMIT_WAIT_MS = 5_000;

let load: Load | undefined;
let finish = async (): Promise<Counts> => {
  throw new Error('it has not begun');
};

serve<WorkerCalls>({
  work,
  look: async ({ key }) => load?.look(key) ?? 'missing',
  finish: () => finish(),
});

async function work({ directory, place, stateFile, keeps, sabotage }: WorkerPlan): Promise<{ tierDirectory: string }> {
  const [state, counters] = [new StateFile(stateFile), new Counters()];
  const tier = openTier(directory, {
    ...tierOptions(sabotage === 'unbounded'),
    onEvent: ({ type }) => {
      if (type === 'host-tier-unavailable') counters.add('lostTiers');
    },
  });
  const own = new AccountPermits(tier, accountOf(place));
  // Held until it dies.
  if ((await own.acquire(OWN_PERMIT_WAIT_MS)) === undefined) counters.add('missedPermits');
  const keeper = keeps ? keep(tier, state, counters) : undefined;
  const holder = new PermitHolder(tier, state, counters);
  const running = (load = new Load({ tier, place, state, counters, sabotage }));
  const telling = setInterval(
    () => tell({ type: 'counts', counts: counters.counts } satisfies WorkerNote),
    COUNTS_EVERY_MS,
  );
  finish = async () => {
    clearInterval(telling);
    await Promise.all([running.end(), holder.end()]);
    await Promise.all([keeper?.close(), own.close()].map((closed) => Promise.resolve(closed)));
    await tier.close();
    return counters.counts;
  };
  running.begin();
  holder.begin();
  return { tierDirectory: tier.directory };
}

function keep(tier: HostTier, state: StateFile, counters: Counters): Keeper {
  return new Keeper(tier, {
    onEvent: (event) => {
      if (event.type === 'swept') counters.add('sweeps');
      if (event.type !== 'keeper') return;
      state.set('keeper', event.state === 'holding' ? 1 : 0);
      tell({ type: 'keeper', state: event.state } satisfies WorkerNote);
    },
  });
}
