/** Convex's timestamps: nanoseconds since the epoch, strictly increasing with every commit. */
export class CommitClock {
  #last: bigint = nowNanos();

  /** The timestamp of everything committed so far. */
  get current(): bigint {
    return this.#last;
  }

  /** The timestamp of the next commit. */
  next(): bigint {
    const now = nowNanos();
    this.#last = now > this.#last ? now : this.#last + 1n;
    return this.#last;
  }
}

function nowNanos(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}
