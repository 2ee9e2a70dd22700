import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type * as Lmdb from 'lmdb';
import { openHostTier } from './open-host-tier.ts';
import type { HostTier } from './host-tier.ts';
import { refOf, serve } from './machine.fixture.ts';

let tier: HostTier | undefined;

serve({
  open: (directory: string) => {
    tier = openHostTier({ directory });
    return tier !== undefined;
  },
  /** Takes the write lock of a host tier's file, and stops itself while it has it. Answers when it has gone on. */
  stopInside: (directory: string) => {
    const lmdb = createRequire(import.meta.url)('lmdb') as typeof Lmdb;
    const path = join(directory, 'current');
    const db = lmdb.open({
      path,
      noSync: true,
      overlappingSync: false,
      maxReaders: 1024,
      maxDbs: 1,
      useVersions: true,
    });
    db.transactionSync(() => {
      db.putSync('half-written', Buffer.alloc(50_000), 1);
      process.kill(process.pid, 'SIGSTOP');
    });
  },
  /** Its write is under way for `afterMs` when it exits. */
  writeAndExit: async (afterMs: number) => {
    void tier?.write(refOf('k'), Buffer.alloc(10), { ttlMs: 60_000 }).catch(() => {});
    await sleep(afterMs);
    process.exit(0);
  },
});
