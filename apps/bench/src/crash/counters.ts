/** What a worker has done, and what went wrong. */
export type Counts = Readonly<Record<Counted, number>>;

const COUNTED = [
  'operations',
  /** Values that somebody else has stored, compared with their checksums. */
  'valuesCompared',
  'corrupt',
  /** Values found in the file. */
  'hostHits',
  'loads',
  'bytesWritten',
  'hangs',
  /** Calls of the cache that rejected although the loader works. */
  'failed',
  /** Calls of the tier that were refused: it may be full, or behind. */
  'refused',
  'faults',
  'tierErrors',
  'tierTimeouts',
  'sweeps',
  'missedPermits',
  /** The file was taken away while it was in use. */
  'lostTiers',
] as const;
export type Counted = (typeof COUNTED)[number];

/** Longer than anything takes on the slowest machine. */
const LIMIT_MS = 10_000;

export function noCounts(): Record<Counted, number> {
  return Object.fromEntries(COUNTED.map((name) => [name, 0])) as Record<Counted, number>;
}

/** Counts, and watches that everything ends. */
export class Counters {
  readonly counts: Record<Counted, number> = noCounts();

  add(name: Counted, more = 1): void {
    this.counts[name] += more;
  }

  /** @returns what the operation brought; `undefined` when it rejected, or hangs. */
  async watch<T>(operation: () => Promise<T>, failure: 'failed' | 'refused'): Promise<T | undefined> {
    this.add('operations');
    const timer = Promise.withResolvers<undefined>();
    const timeout = setTimeout(() => {
      this.add('hangs');
      timer.resolve(undefined);
    }, LIMIT_MS);
    try {
      return await Promise.race([operation(), timer.promise]);
    } catch {
      this.add(failure);
      return undefined;
    } finally {
      clearTimeout(timeout);
    }
  }
}
