import type { LmdbFile } from './lmdb-file.ts';
import { after, isPlain, nameOf, rangeOf, recordKey } from './names.ts';
import { freshVersion } from './versions.ts';

const CHUNK = 500;

/** @see HostRecords.update */
export interface Change {
  readonly document: object;
  /** Names of documents that go. */
  readonly remove: readonly string[];
}

/** Small documents that all processes of a machine can read and write: an inventory, counters, who does what. */
export class HostRecords {
  readonly #file: LmdbFile;

  /** @internal */
  constructor(file: LmdbFile) {
    this.#file = file;
  }

  /** The document of this name; `undefined` when there is none, or it is no JSON. */
  get(name: string): unknown {
    this.#file.renew();
    return parsed(this.#file.peek(recordKey('note', name)));
  }

  /** All documents whose names begin so, by name. */
  list(prefix: string): Map<string, unknown> {
    this.#file.renew();
    const found = new Map<string, unknown>();
    const { end } = rangeOf('note');
    let start = recordKey('note', prefix);
    for (;;) {
      const keys = this.#file.keys(start, end, CHUNK);
      for (const key of keys) {
        if (!nameOf(key).startsWith(prefix)) return found;
        const document = parsed(this.#file.peek(key));
        if (document !== undefined) found.set(nameOf(key), document);
      }
      const last = keys.at(-1);
      if (last === undefined || keys.length < CHUNK) return found;
      start = after(last);
    }
  }

  /** @throws TypeError for a name that could not be listed: of more than 400 characters, ill-formed, or beginning with `~`. */
  async put(name: string, document: object): Promise<void> {
    if (!isPlain(name)) {
      throw new TypeError(
        `a record's name has at most 400 characters, is well-formed and begins with no '~', got ${JSON.stringify(name.slice(0, 40))}`,
      );
    }
    const bytes = Buffer.from(JSON.stringify(document));
    await this.#file.commit(
      undefined,
      (batch) => batch.put(recordKey('note', name), bytes, freshVersion()),
      bytes.length,
    );
  }

  async remove(name: string): Promise<void> {
    await this.#file.commit(undefined, (batch) => batch.remove(recordKey('note', name)));
  }

  /** Replaces a document by one made of it, and removes others in the same moment; made anew, if it has changed meanwhile. */
  async update(name: string, change: (document: unknown) => Change): Promise<void> {
    const key = recordKey('note', name);
    for (;;) {
      this.#file.renew();
      const found = this.#file.get(key);
      const { document, remove } = change(parsed(found?.bytes));
      const bytes = Buffer.from(JSON.stringify(document));
      const done = await this.#file.commit({ key, version: found?.version ?? null }, (batch) => {
        batch.put(key, bytes, freshVersion());
        for (const other of remove) batch.remove(recordKey('note', other));
      });
      if (done) return;
    }
  }
}

function parsed(bytes: Buffer | undefined): unknown {
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}
