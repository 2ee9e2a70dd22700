import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

/** What a process is in the middle of. */
export interface State {
  /** Writes of the host tier that have been begun and not ended. */
  readonly writes: number;
  /** Of the keys, the one that is being loaded under a lease; 0 is none. */
  readonly loading: number;
  /** 1: it holds the lease that is named after its place. */
  readonly lease: number;
  /** Permits of the common account. */
  readonly permits: number;
  /** 1: it is the keeper of the machine. */
  readonly keeper: number;
}

const FIELDS = ['writes', 'loading', 'lease', 'permits', 'keeper'] as const satisfies readonly (keyof State)[];
const FIELD_BYTES = 4;

/** Written down at every change, in a file that outlives its process: so it is known what a `kill -9` has interrupted. */
export class StateFile {
  readonly #file: number;
  readonly #bytes = Buffer.alloc(FIELDS.length * FIELD_BYTES);

  constructor(path: string) {
    this.#file = openSync(path, 'w');
    this.#write();
  }

  set(field: keyof State, value: number): void {
    this.#bytes.writeInt32LE(value, FIELDS.indexOf(field) * FIELD_BYTES);
    this.#write();
  }

  add(field: keyof State, more: number): void {
    this.set(field, this.#bytes.readInt32LE(FIELDS.indexOf(field) * FIELD_BYTES) + more);
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(): void {
    writeSync(this.#file, this.#bytes, 0, this.#bytes.length, 0);
  }
}

/** @throws Error when there is no such file, or not all of it */
export function readState(path: string): State {
  const bytes = readFileSync(path);
  return Object.fromEntries(
    FIELDS.map((field, index) => [field, bytes.readInt32LE(index * FIELD_BYTES)]),
  ) as unknown as State;
}

/** Whether a process is where its death does most harm. */
export function isInside({ writes, loading, lease }: State): boolean {
  return writes > 0 || loading > 0 || lease > 0;
}
