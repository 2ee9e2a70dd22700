import { extname } from 'node:path';
import type { timeAwaited, timeSync } from './loops.ts';

interface Loops {
  readonly timeSync: typeof timeSync;
  readonly timeAwaited: typeof timeAwaited;
}

/**
 * The timed loops anew, as a module of their own. The compiler knows one version of each function: were all subjects timed
 * by the same loop, it could inline the calls of none, and a few nanoseconds of dispatch would blur the fastest.
 */
export async function ownLoops(name: string): Promise<Loops> {
  // `.ts` from source, `.js` when built, as this file.
  const url = new URL(`./loops${extname(import.meta.url)}?for=${name}`, import.meta.url);
  return (await import(url.href)) as Loops;
}
