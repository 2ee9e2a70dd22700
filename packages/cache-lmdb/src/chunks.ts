import { pause } from './clock.ts';
import type { LmdbFile } from './lmdb-file.ts';
import type { Kind } from './names.ts';
import { after, nameOf, rangeOf } from './names.ts';

const CHUNK = 256;

/** The names of all records of a kind, with a turn of the event loop between two chunks. */
export async function* chunks(file: LmdbFile, kind: Kind): AsyncGenerator<readonly string[]> {
  let { start, end } = rangeOf(kind);
  for (;;) {
    file.renew();
    const keys = file.keys(start, end, CHUNK);
    yield keys.map(nameOf);
    const last = keys.at(-1);
    if (last === undefined || keys.length < CHUNK) return;
    start = after(last);
    await pause(0);
  }
}
