import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach } from 'vitest';

/** Fails a test that leaves an unhandled rejection behind: it would end a Node process. */
export function watchRejections(): void {
  const seen: unknown[] = [];
  process.on('unhandledRejection', (reason) => seen.push(reason));
  afterEach(async () => {
    await sleep(5);
    if (seen.length > 0) throw new AggregateError(seen.splice(0), 'unhandled rejections');
  });
}
