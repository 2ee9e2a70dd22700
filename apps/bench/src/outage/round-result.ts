import type { Composition } from './composition.ts';
import type { Verdict } from './judge.ts';
import type { PeersRead } from './peers.ts';
import type { Played } from './play.ts';
import type { Back } from './recovery.ts';
import type { OutageState } from './state.ts';

/** How much is read in a state, and as much before it. */
export interface Reads {
  readonly cold: number;
  /** Of each kind, mutable and immutable. */
  readonly hot: number;
}

/** What became of one process under test. */
export interface ReaderResult {
  readonly composition: Composition;
  readonly healthy: Played;
  readonly outage: Played;
  /** Of all its reads from the beginning of the outage until it was over for everybody. */
  readonly verdict: Verdict;
  readonly back: Back;
}

/** One outage, from its beginning to its end. */
export interface RoundResult {
  readonly state: OutageState;
  readonly serverPid: number;
  readonly sent: string;
  /** What a second client saw; and whether that was the state. */
  readonly seen: string;
  readonly isVerified: boolean;
  readonly readers: readonly ReaderResult[];
  /** What a process that started afterwards found in Redis of the keys that had been changed. */
  readonly newcomer: { readonly compared: number; readonly older: number };
  readonly peers: { readonly healthy: PeersRead; readonly outage: PeersRead } | undefined;
}
