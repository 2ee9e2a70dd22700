import { createRequire } from 'node:module';
import type * as Lmdb from 'lmdb';
import { openHostTier } from './host-tier.ts';
import type { HostTier } from './host-tier.ts';
import { refOf, serve } from './machine.fixture.ts';

let tier: HostTier | undefined;

serve({
  open: (directory: string) => {
    tier = openHostTier({ directory });
    return tier !== undefined;
  },
  /** Takes the write lock of this LMDB directory, and stops itself while it has it. Answers when it has gone on. */
  stopInside: (directory: string) => {
    const lmdb = createRequire(import.meta.url)('lmdb') as typeof Lmdb;
    const db = lmdb.open({ path: directory, noSync: true, overlappingSync: false, maxReaders: 1024, maxDbs: 1 });
    db.transactionSync(() => process.kill(process.pid, 'SIGSTOP'));
  },
  writeAndExit: () => {
    void tier?.write(refOf('k'), Buffer.alloc(10), { ttlMs: 60_000 }).catch(() => {});
    setImmediate(() => process.exit(0));
  },
});
