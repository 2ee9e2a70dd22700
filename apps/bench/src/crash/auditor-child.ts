import { statSync } from 'node:fs';
import { join } from 'node:path';
import { environmentOf, frameKey, openUnderneath } from '../processes/raw-file.ts';
import type { RawFile } from '../processes/raw-file.ts';
import { serve } from '../processes/serve.ts';

/** What the file holds, as LMDB itself tells. */
export interface FileSize {
  readonly fileBytes: number;
  readonly usedBytes: number;
}

/** What this process can be asked. */
export interface AuditorCalls {
  open(input: { readonly directory: string }): Promise<void>;
  size(input: object): FileSize;
  /** Flips one bit of a stored frame. @returns whether it was there */
  damage(input: { readonly physicalKey: string }): boolean;
}

let directory = '';
let opened: RawFile | undefined;

serve<AuditorCalls>({
  open: async (input) => {
    directory = input.directory;
    opened = await openUnderneath(directory);
  },
  size: () => {
    file().resetReadTxn();
    const stats = file().getStats() as Record<
      'treeBranchPageCount' | 'treeLeafPageCount' | 'overflowPages' | 'pageSize',
      number
    >;
    const pages = stats.treeBranchPageCount + stats.treeLeafPageCount + stats.overflowPages;
    return { fileBytes: statSync(join(environmentOf(directory), 'data.mdb')).size, usedBytes: pages * stats.pageSize };
  },
  damage: ({ physicalKey }) =>
    file().transactionSync(() => {
      const entry = file().getEntry(frameKey(physicalKey));
      if (entry === undefined) return false;
      const bytes = Buffer.from(entry.value);
      const at = Math.floor(Math.random() * bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(Math.random() * 8));
      file().putSync(frameKey(physicalKey), bytes, entry.version ?? 0);
      return true;
    }),
});

function file(): RawFile {
  if (opened === undefined) throw new Error('not opened');
  return opened;
}
