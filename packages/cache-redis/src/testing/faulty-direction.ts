import type { Random } from '@warmline/cache-core/testing';
import type { FaultPipe } from './fault-pipe.ts';
import type { DirectionFaults } from './network-faults.ts';
import { NO_FAULTS } from './network-faults.ts';

const ALL_BITS = 0xff;

/** What all connections of a proxy have in common in one direction. */
export class FaultyDirection {
  readonly random: Random;
  faults: Required<DirectionFaults> = NO_FAULTS;
  /** Passed on so far. */
  bytes = 0;
  #next: { offset: number; pipe: FaultPipe | undefined } | undefined;

  constructor(random: Random) {
    this.random = random;
  }

  /** Flips one byte, counted from the next data; that of the connection which sends first. */
  corruptNext(offset: number): void {
    this.#next = { offset, pipe: undefined };
  }

  /** @returns the bytes as they go on; `at` is the place of the first in its connection. */
  corrupt(pipe: FaultPipe, bytes: Buffer, at: number): Buffer {
    const every = this.faults.corruptEveryBytes;
    if (every > 0) for (let i = every - 1 - (at % every); i < bytes.length; i += every) flip(bytes, i);
    const next = this.#next;
    if (next === undefined || (next.pipe !== undefined && next.pipe !== pipe)) return bytes;
    next.pipe = pipe;
    if (next.offset < bytes.length) {
      flip(bytes, next.offset);
      this.#next = undefined;
    } else next.offset -= bytes.length;
    return bytes;
  }
}

function flip(bytes: Buffer, at: number): void {
  bytes[at] = (bytes[at] ?? 0) ^ ALL_BITS;
}
