import { closeSync, openSync, readSync, writeSync } from 'node:fs';

/** What all values look like: where they are from, and which version of the source they are. */
export interface Versioned {
  readonly key: string;
  readonly version: number;
}

const VERSION_BYTES = 4;

/**
 * Where values come from, and the truth about them: the version of each key, by its slot, in a file. The bench alone changes
 * it, by itself or through nobody's cache; loaders, in other processes, read it.
 */
export class Source {
  readonly #file: number;
  readonly #bytes = Buffer.alloc(VERSION_BYTES);

  private constructor(file: number) {
    this.#file = file;
  }

  /** A new file in which every slot is of version 1. */
  static create(path: string, slots: number): Source {
    const source = new Source(openSync(path, 'w+'));
    for (let slot = 0; slot < slots; slot++) source.#write(slot, 1);
    return source;
  }

  static open(path: string): Source {
    return new Source(openSync(path, 'r'));
  }

  versionOf(slot: number): number {
    readSync(this.#file, this.#bytes, 0, VERSION_BYTES, slot * VERSION_BYTES);
    return this.#bytes.readUInt32LE();
  }

  /** From now on loaders read this version. */
  change(slot: number): number {
    const version = this.versionOf(slot) + 1;
    this.#write(slot, version);
    return version;
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(slot: number, version: number): void {
    this.#bytes.writeUInt32LE(version);
    writeSync(this.#file, this.#bytes, 0, VERSION_BYTES, slot * VERSION_BYTES);
  }
}

/** The key of a slot. */
export function keyOfSlot(slot: number): string {
  return `slot ${slot}`;
}

/** The tag of a slot's key: it has it alone, so that a tag can be invalidated in its place. */
export function tagOfSlot(slot: number): string {
  return `tag ${slot}`;
}
