import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * Bytes that are still in use, Buffers included, after garbage has been collected. Needs `--expose-gc`.
 * Twice, with a turn of the event loop between: finalizers and promises of the first round free more.
 */
export async function usedBytes(): Promise<number> {
  if (globalThis.gc === undefined) throw new Error('run with --expose-gc');
  for (let round = 0; round < 2; round++) {
    globalThis.gc();
    await nextTurn();
  }
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
