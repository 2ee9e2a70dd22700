import { setTimeout as sleep } from 'node:timers/promises';
import type { Child } from '../processes/child.ts';
import { monotonicMs } from '../processes/monotonic.ts';
import type { KnownChange } from './judge.ts';
import type { ChangeKind, PlayerCalls } from './player-child.ts';
import type { Source } from './source.ts';

const KINDS: readonly ChangeKind[] = ['delete', 'set', 'tag'];
const EVERY_MS = 60;

interface Made {
  readonly slot: number;
  readonly version: number;
  readonly resolvedMs: number;
  readonly by: Child<PlayerCalls>;
}

/** Changes the source, then lets a process make that hold; and keeps the list of it. */
export class Writers {
  readonly #source: Source;
  readonly #made: Made[] = [];
  #settled: { readonly count: number; readonly atMs: number } = { count: 0, atMs: 0 };

  constructor(source: Source) {
    this.#source = source;
  }

  async change(by: Child<PlayerCalls>, slot: number): Promise<void> {
    const version = this.#source.change(slot);
    const kind = KINDS[slot % KINDS.length] ?? 'delete';
    const { resolvedMs } = await by.ask('change', { slot, version, kind });
    this.#made.push({ slot, version, resolvedMs, by });
  }

  /** One after another, without waiting for those before: some take until it is known that nobody answers. */
  async changeInTurn(by: Child<PlayerCalls>, slots: readonly number[]): Promise<void> {
    const changing: Promise<void>[] = [];
    for (const slot of slots) {
      changing.push(this.change(by, slot));
      await sleep(EVERY_MS);
    }
    await Promise.all(changing);
  }

  /** What was changed until now has been heard by everybody. */
  settle(): void {
    this.#settled = { count: this.#made.length, atMs: monotonicMs() };
  }

  /** What a process has to know, from when on. */
  knownTo(reader: Child<PlayerCalls>): KnownChange[] {
    const { count, atMs } = this.#settled;
    return this.#made.map(({ slot, version, resolvedMs, by }, index) => {
      if (by === reader) return { slot, version, resolvedMs, by: 'self' };
      return index < count
        ? { slot, version, resolvedMs: atMs, by: 'self' }
        : { slot, version, resolvedMs, by: 'other' };
    });
  }

  /** By slot. */
  newest(): ReadonlyMap<number, number> {
    return new Map(this.#made.map(({ slot }) => [slot, this.#source.versionOf(slot)]));
  }
}
