import type { Invalidation, SharedOutbox } from '@warmline/cache-core';
import { hostNow } from './clock.ts';
import type { Batch, LmdbFile } from './lmdb-file.ts';
import { nameOf, rangeOf, recordKey } from './names.ts';
import { identityOf, isAliveAs } from './process-state.ts';
import { freshVersion } from './versions.ts';

/** Replaced with every change: who has seen it has seen what is owed. */
const CHANGED = recordKey('head', 'owed');
const NOTHING: readonly Invalidation[] = Object.freeze([]);
/** So long a process that lives is left to deliver its own. */
const OWN_BUSINESS_MS = 5_000;
/** More would be a sign that nobody delivers; the rest comes when these are gone. */
const MAX_LISTED = 10_000;

interface Debt {
  readonly invalidation: Invalidation;
  /** Who wrote it down, as `identityOf`. */
  readonly by: string;
  readonly atMs: number;
}

/** What a machine owes to the cluster, in its file. */
export class HostOutbox implements SharedOutbox {
  readonly #file: LmdbFile;
  readonly #self: string = identityOf(process.pid);
  #seen: number | undefined;
  #rounds = 0;
  #owed: readonly Invalidation[] = NOTHING;

  /** @internal */
  constructor(file: LmdbFile) {
    this.#file = file;
  }

  async owe(invalidation: Invalidation): Promise<string> {
    const debt = freshVersion().toString(36);
    const bytes = Buffer.from(JSON.stringify({ invalidation, by: this.#self, atMs: hostNow() } satisfies Debt));
    await this.#change((batch) => batch.put(recordKey('owed', debt), bytes, freshVersion()), bytes.length);
    return debt;
  }

  async settle(debt: string): Promise<void> {
    await this.#change((batch) => batch.remove(recordKey('owed', debt)));
  }

  owed(): readonly Invalidation[] {
    this.#file.renew();
    const changed = this.#file.peek(CHANGED)?.readDoubleLE();
    if (changed === this.#seen) return this.#owed;
    this.#seen = changed;
    this.#owed = Object.freeze([...this.#debts().values()].map(({ invalidation }) => invalidation));
    return this.#owed;
  }

  /**
   * Delivers what others have left: processes that died, and those that have not managed to themselves for five seconds.
   * Whatever arrives twice does no harm.
   * @param deliver rejects when it has not been acknowledged everywhere; then it is tried again the next time.
   */
  async finish(deliver: (invalidation: Invalidation) => Promise<void>): Promise<void> {
    if (this.owed().length === 0) return;
    const debts = [...this.#debts()];
    // Begun elsewhere each time: one that nobody takes must not keep back the others.
    const first = this.#rounds++ % debts.length;
    for (const [debt, { invalidation, by, atMs }] of [...debts.slice(first), ...debts.slice(0, first)]) {
      if (isAliveAs(by) && hostNow() - atMs < OWN_BUSINESS_MS) continue;
      await deliver(invalidation);
      await this.settle(debt);
    }
  }

  #debts(): Map<string, Debt> {
    const { start, end } = rangeOf('owed');
    const debts = new Map<string, Debt>();
    for (const key of this.#file.keys(start, end, MAX_LISTED)) {
      const bytes = this.#file.peek(key);
      if (bytes !== undefined) debts.set(nameOf(key), JSON.parse(bytes.toString()) as Debt);
    }
    return debts;
  }

  async #change(queue: (batch: Batch) => void, bytes?: number): Promise<void> {
    const head = Buffer.alloc(8);
    const version = freshVersion();
    head.writeDoubleLE(version);
    await this.#file.commit(
      undefined,
      (batch) => {
        queue(batch);
        batch.put(CHANGED, head, version);
      },
      bytes,
    );
  }
}
