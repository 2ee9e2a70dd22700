import type { Child } from '../processes/child.ts';
import type { Family } from '../processes/family.ts';
import type { PeersCalls, PeersRead } from './peers-child.ts';

export type { PeersRead } from './peers-child.ts';

/** How often each peer reads a cold key in an outage, and after which it is no longer waited for. */
export interface PeersEffort {
  readonly reads: number;
  readonly limitMs: number;
}

/** Other libraries in a process of their own, which goes through the same outages. */
export class Peers {
  readonly #child: Child<PeersCalls>;
  readonly #effort: PeersEffort;

  private constructor(child: Child<PeersCalls>, effort: PeersEffort) {
    this.#child = child;
    this.#effort = effort;
  }

  static async start(family: Family, effort: PeersEffort): Promise<Peers> {
    const child = await family.start<PeersCalls>('peers', { from: import.meta.url, file: 'peers-child' });
    return new Peers(child, effort);
  }

  open(url: string): Promise<void> {
    return this.#child.ask('open', { url });
  }

  read(): Promise<PeersRead> {
    return this.#child.ask('read', this.#effort);
  }

  close(): Promise<void> {
    return this.#child.ask('close', {});
  }
}
