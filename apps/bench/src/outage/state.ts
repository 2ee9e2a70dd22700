import type { Stage } from './stage.ts';

/** One way in which Redis is not as it should be. */
export interface OutageState {
  /** That of the metrics, in snake_case. */
  readonly name: string;
  /** The server is started anew, or replaced, so long after it was taken away; else the state lasts while it is measured. */
  readonly awayMs?: number;
  /** The measurement lasts at least so long. @default as long as it takes */
  readonly lastsMs?: number;
  /** Another machine still reaches the server. @default false */
  readonly othersWrite?: boolean;
  /** The processes under test start in it. @default false: they are connected when it begins */
  readonly reopens?: boolean;
  /** Other libraries are looked at in it, too. @default false */
  readonly withPeers?: boolean;
  readonly open: () => Promise<Stage>;
  /** While all is well, before another machine makes its changes. */
  readonly prepare?: (stage: Stage) => Promise<void>;
  /** @returns what was sent. */
  readonly enter: (stage: Stage) => Promise<string>;
  /** @returns what another client sees. @throws Error when it is not this state. */
  readonly verify: (stage: Stage) => Promise<string>;
  readonly lift: (stage: Stage) => Promise<void>;
}

/** @returns what was seen. @throws Error when that is something else. */
export function expecting(wanted: RegExp, seen: string): string {
  if (!wanted.test(seen)) throw new Error(`a second client saw '${seen}', not ${String(wanted)}`);
  return seen;
}
