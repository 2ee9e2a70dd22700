import { every, hostNow } from './clock.ts';
import type { LmdbFile } from './lmdb-file.ts';
import { recordKey } from './names.ts';
import { freshVersion } from './versions.ts';

const FLUSH_MS = 1000;
/** One note a minute is enough to know what is used. */
const COARSE_MS = 60_000;
const MAX_NOTED = 10_000;

/** When an entry was last read, and in how many different minutes. */
export interface Use {
  readonly lastMs: number;
  readonly count: number;
}

/** Notes which entries are read, so that eviction keeps them. Reading costs no write: a process writes down once a second. */
export class Usage {
  readonly #file: LmdbFile;
  readonly #noted = new Set<string>();
  #stop: (() => void) | undefined;

  constructor(file: LmdbFile) {
    this.#file = file;
  }

  note(name: string): void {
    if (this.#noted.size >= MAX_NOTED) return;
    this.#noted.add(name);
    this.#stop ??= every(FLUSH_MS, () => void this.flush());
  }

  /** Writes down what was noted. Never rejects: a use that is lost costs nothing but its weight at the next eviction. */
  async flush(): Promise<void> {
    this.#stop?.();
    this.#stop = undefined;
    const names = [...this.#noted];
    this.#noted.clear();
    try {
      this.#file.renew();
      const nowMs = hostNow();
      const due = names.flatMap((name) => {
        const key = recordKey('use', name);
        const before = useOf(this.#file, name);
        if (before !== undefined && nowMs - before.lastMs < COARSE_MS) return [];
        return [{ key, value: encode({ lastMs: nowMs, count: (before?.count ?? 0) + 1 }) }];
      });
      if (due.length === 0) return;
      await this.#file.commit(undefined, (batch) =>
        due.forEach(({ key, value }) => batch.put(key, value, freshVersion())),
      );
    } catch {
      // The next read of the tier reports what is wrong with its file.
    }
  }

  close(): Promise<void> {
    return this.flush();
  }
}

/** What is written down of an entry's use, as of the file's present view. */
export function useOf(file: LmdbFile, name: string): Use | undefined {
  const bytes = file.peek(recordKey('use', name));
  return bytes?.length === 16 ? { lastMs: bytes.readDoubleLE(0), count: bytes.readDoubleLE(8) } : undefined;
}

function encode({ lastMs, count }: Use): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeDoubleLE(lastMs, 0);
  bytes.writeDoubleLE(count, 8);
  return bytes;
}
