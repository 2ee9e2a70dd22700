/** What one direction of a connection does to its bytes. Nothing is lost and nothing overtakes. */
export interface DirectionFaults {
  /** Each piece of data arrives so much later. @default 0 */
  readonly latencyMs?: number;
  /** And up to so much later than that. @default 0 */
  readonly jitterMs?: number;
  /** Data is held until this is lifted, in a bounded memory: then the sender's socket fills up, as on a dead link. @default false */
  readonly blackhole?: boolean;
  /** How fast data goes on. @default 0, which is as fast as it comes */
  readonly bytesPerSecond?: number;
  /** Flips each byte whose place in its connection's direction, from 0, is one less than a multiple of this. @default 0, none */
  readonly corruptEveryBytes?: number;
}

export type Direction = 'toServer' | 'toClient';

/** Faults of both directions, each of which can be given for one alone. */
export interface NetworkFaults extends DirectionFaults {
  readonly toServer?: DirectionFaults;
  readonly toClient?: DirectionFaults;
  /**
   * New connections are accepted and nothing of them is passed on, not even their opening, until this is lifted: a client sees
   * what it sees of a server that is stopped or hung. @default false
   */
  readonly blackholeConnect?: boolean;
}

export const NO_FAULTS: Required<DirectionFaults> = {
  latencyMs: 0,
  jitterMs: 0,
  blackhole: false,
  bytesPerSecond: 0,
  corruptEveryBytes: 0,
};
