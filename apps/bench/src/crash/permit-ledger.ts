import type { PermitNote } from './permit-holder.ts';

interface Held {
  readonly fromMs: number;
  toMs: number;
}

/** Who held a permit of the common account from when to when, as the holders tell. */
export class PermitLedger {
  readonly #held = new Map<string, Held>();

  note(pid: number, { type, serial, atMs }: PermitNote): void {
    const name = `${pid}/${serial}`;
    const held = this.#held.get(name);
    if (type === 'permit-held') this.#held.set(name, { fromMs: atMs, toMs: Number.POSITIVE_INFINITY });
    else if (held !== undefined) held.toMs = Math.min(held.toMs, atMs);
  }

  /** Nothing is held by the dead. */
  died(pid: number, atMs: number): void {
    for (const [name, held] of this.#held) if (name.startsWith(`${pid}/`)) held.toMs = Math.min(held.toMs, atMs);
  }

  get size(): number {
    return this.#held.size;
  }

  /** How many were held at the same time, at most. */
  peak(): number {
    const steps = [...this.#held.values()]
      .filter(({ fromMs, toMs }) => toMs > fromMs)
      .flatMap(({ fromMs, toMs }) => [
        { atMs: fromMs, by: 1 },
        { atMs: toMs, by: -1 },
      ])
      .toSorted((a, b) => a.atMs - b.atMs || a.by - b.by);
    let [now, most] = [0, 0];
    for (const { by } of steps) {
      now += by;
      most = Math.max(most, now);
    }
    return most;
  }
}
