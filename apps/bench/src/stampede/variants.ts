import type { Effort } from '../effort.ts';

/** One way to meet a stampede. Names are those of the metrics. */
export interface Variant {
  readonly name: 'host' | 'process_only' | 'holder_killed' | 'host_60' | 'host_200' | 'cluster';
  readonly what: string;
  readonly processes: number;
  readonly callersEach: number;
  readonly leaseMs: number;
  readonly killsHolder: boolean;
  /** Machines that the processes are divided among: host tiers in separate directories. Several share a Redis. */
  readonly hosts: number;
  /** That every repetition must have; `undefined` where it is there to be compared with. */
  readonly loads: number | undefined;
  /** Where now and then one more is allowed: a lease on the network saves loads and promises nothing. @default none */
  readonly mostly?: { readonly share: number; readonly atMost: number };
}

export const ORIGIN_MS = 200;
const LEASE_MS = 1000;
/** With so many processes on a few cores a load of 200 ms takes longer, and a lease should be twice what a load takes. */
const CROWDED_LEASE_MS = { host_60: 3000, host_200: 10_000 } as const;
const PROCESSES = 8;
const CALLERS_EACH = 50;

/** How many of the large crowds come to their turn. */
const CROWDS = { sabotaged: 0, quick: 1, normal: 1, full: 2 } as const satisfies Record<Effort, number>;

const HOST: Variant = {
  name: 'host',
  what: 'one load a machine',
  processes: PROCESSES,
  callersEach: CALLERS_EACH,
  leaseMs: LEASE_MS,
  killsHolder: false,
  hosts: 1,
  loads: 1,
};

const CLUSTER: Variant = {
  ...HOST,
  name: 'cluster',
  what: 'one load for two machines',
  hosts: 2,
  mostly: { share: 0.9, atMost: 2 },
};

/** The variants of a run; many processes of a machine only share a value if nobody is late for it. */
export function variantsOf(effort: Effort): readonly Variant[] {
  const crowds: readonly Variant[] = [
    { ...HOST, name: 'host_60', what: 'the same, 60 processes', processes: 60, leaseMs: CROWDED_LEASE_MS.host_60 },
    { ...HOST, name: 'host_200', what: 'the same, 200 processes', processes: 200, leaseMs: CROWDED_LEASE_MS.host_200 },
  ];
  return [
    HOST,
    { ...HOST, name: 'process_only', what: 'one load a process', leaseMs: 0, loads: undefined },
    { ...HOST, name: 'holder_killed', what: 'kill -9 of the loader', killsHolder: true, loads: 2 },
    ...crowds.slice(0, CROWDS[effort]),
    ...(effort === 'sabotaged' ? [] : [CLUSTER]),
  ];
}
