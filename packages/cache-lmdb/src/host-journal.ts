import type { Invalidation, Journal } from '@warmline/cache-core';
import { hostNow } from './clock.ts';
import type { Batch, Condition, LmdbFile } from './lmdb-file.ts';
import { recordKey } from './names.ts';
import { freshVersion } from './versions.ts';

const HEAD = recordKey('head', 'sequence');
const MAX_RECORD_BYTES = 131_072;
const LIVE = recordKey('head', 'live-until');
const POSITION = recordKey('head', 'bus-position');

/** The invalidations of a machine, in its file: one ordered list for all its processes. */
export class HostJournal implements Journal {
  readonly #file: LmdbFile;
  readonly #capacity: number;
  #last = 0;

  constructor(file: LmdbFile, capacity: number) {
    this.#file = file;
    this.#capacity = capacity;
    this.#last = this.sequence();
  }

  /** Does not throw when the file is gone: then `since` and `liveUntil` say that nothing is known any more. */
  sequence(): number {
    if (!this.#isReadable()) return this.#last;
    return (this.#last = this.#file.peek(HEAD)?.readDoubleLE() ?? 0);
  }

  since(sequence: number): readonly Invalidation[] | 'overrun' {
    const last = this.sequence();
    if (this.#file.isGone || sequence > last || last - sequence > this.#capacity) return 'overrun';
    const invalidations: Invalidation[] = [];
    for (let at = sequence + 1; at <= last; at++) {
      const bytes = this.#file.peek(recordOf(at));
      if (bytes === undefined) return 'overrun';
      invalidations.push(JSON.parse(bytes.toString()) as Invalidation);
    }
    return invalidations;
  }

  liveUntil(): number | undefined {
    if (!this.#isReadable()) return Number.NEGATIVE_INFINITY;
    return this.#file.peek(LIVE)?.readDoubleLE();
  }

  /** Holds while nothing has been appended since `sequence`. */
  condition(sequence: number): Condition {
    // Versions tell 0 from absent: before the first invalidation there is no head.
    return { key: HEAD, version: sequence === 0 ? null : sequence };
  }

  /** Where the bus stood after what was applied last. */
  position(): string | undefined {
    return this.#file.peek(POSITION)?.toString();
  }

  /** Queues one more record, and removes the one that it pushes out. */
  append(batch: Batch, sequence: number, invalidation: Invalidation, position?: string): void {
    const head = Buffer.alloc(8);
    head.writeDoubleLE(sequence + 1);
    batch.put(HEAD, head, sequence + 1);
    batch.put(recordOf(sequence + 1), encode(invalidation), 1);
    batch.remove(recordOf(sequence + 1 - this.#capacity));
    note(batch, position);
  }

  /** Somebody has just proved that invalidations of others reach this journal. */
  async stayLive(forMs: number, position?: string): Promise<void> {
    for (;;) {
      this.#file.renew();
      const found = this.#file.get(LIVE);
      const untilMs = hostNow() + forMs;
      if (found !== undefined && found.bytes.readDoubleLE() >= untilMs) return;
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleLE(untilMs);
      const condition = { key: LIVE, version: found?.version ?? null };
      const done = await this.#file.commit(condition, (batch) => {
        batch.put(LIVE, bytes, untilMs);
        note(batch, position);
      });
      if (done) return;
    }
  }

  #isReadable(): boolean {
    try {
      this.#file.renew();
      return true;
    } catch {
      // Whoever looks at the file next reports it.
      return false;
    }
  }
}

/** One that names very many entries is remembered as one of their whole namespace: the list is bounded in bytes, too. */
function encode(invalidation: Invalidation): Buffer {
  const bytes = Buffer.from(JSON.stringify(invalidation));
  if (bytes.length <= MAX_RECORD_BYTES) return bytes;
  const { namespace, soft, origin } = invalidation;
  return Buffer.from(JSON.stringify({ kind: 'namespace', namespace, soft, origin }));
}

function note(batch: Batch, position: string | undefined): void {
  if (position !== undefined) batch.put(POSITION, Buffer.from(position), freshVersion());
}

function recordOf(sequence: number): string {
  return recordKey('journal', sequence.toString(36).padStart(11, '0'));
}
