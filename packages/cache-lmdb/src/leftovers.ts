import { chunks } from './chunks.ts';
import { hostNow } from './clock.ts';
import type { LmdbFile } from './lmdb-file.ts';
import { recordKey } from './names.ts';
import { isExpiredStamp } from './stamps.ts';
import { isExpiredLease } from './host-lease.ts';

/** Removes records that mean nothing any more: expired stamps and leases, and notes of the use of what is gone. */
export async function removeLeftovers(file: LmdbFile): Promise<void> {
  const isLeftover = {
    stamp: (bytes: Buffer) => isExpiredStamp(bytes, hostNow()),
    group: (bytes: Buffer) => isExpiredStamp(bytes, hostNow()),
    lease: (bytes: Buffer) => isExpiredLease(bytes, hostNow()),
    use: (_bytes: Buffer, name: string) => file.peek(recordKey('value', name)) === undefined,
  };
  for (const kind of ['stamp', 'group', 'lease', 'use'] as const) {
    for await (const names of chunks(file, kind)) {
      for (const name of names) {
        const key = recordKey(kind, name);
        const found = file.get(key);
        if (found === undefined || !isLeftover[kind](found.bytes, name)) continue;
        // Not if it has been renewed meanwhile.
        await file.commit({ key, version: found.version }, (batch) => batch.remove(key));
      }
    }
  }
}
