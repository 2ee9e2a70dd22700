import { closeSync, openSync } from 'node:fs';
import { hostNow } from './clock.ts';
import { hostDirectory } from './directory.ts';
import { Gate } from './gate.ts';
import { openHostTier } from './open-host-tier.ts';
import type { HostTier } from './host-tier.ts';
import { refOf, serve } from './machine.fixture.ts';

let tier: HostTier | undefined;

/** What the tests of open defects need of another process. */
serve({
  /** How far the time of this process is from that of the machine; the least of many looks, which are disturbed by others. */
  clockErrorMs: () => {
    const errors = Array.from({ length: 1000 }, () => {
      const before = Number(process.hrtime.bigint()) / 1e6;
      const now = hostNow();
      const after = Number(process.hrtime.bigint()) / 1e6;
      return Math.max(0, before - now, now - after);
    });
    return Math.min(...errors);
  },
  where: (directory: string) => hostDirectory({ directory }),
  open: (directory: string) => {
    const codes: string[] = [];
    tier = openHostTier({
      directory,
      onEvent: (event) => {
        if (event.type === 'host-tier-unavailable') codes.push(event.error.code);
      },
    });
    return codes;
  },
  enterGate: async (directory: string) => new Gate(hostDirectory({ directory })).enter(),
  /** Writes while this process may open no more files. Answers with what came of it. */
  writeWithoutFiles: async () => {
    const files: number[] = [];
    const write = async (): Promise<unknown> =>
      tier?.write(refOf('k'), Buffer.alloc(10), { ttlMs: 60_000 }).then(
        () => 'done',
        (error: unknown) => String(error),
      );
    try {
      for (;;) files.push(openSync('/dev/null', 'r'));
    } catch {
      const during = await write();
      for (const file of files) closeSync(file);
      return { during, afterwards: await write() };
    }
  },
});
