import type { Family } from '../processes/family.ts';
import type { Progress } from '../progress.ts';
import type { ReadsCalls, WayResult } from './reads-child.ts';
import type { Size } from './stock.ts';
import { SIZES } from './stock.ts';

/** All ways to values of one size. */
export interface SizeResult {
  readonly size: Size;
  readonly ways: readonly WayResult[];
}

/** @see measureReads */
export interface ReadsOptions {
  readonly directory: string;
  readonly rawDirectory: string;
  readonly rounds: number;
  readonly swap: boolean;
  readonly family: Family;
  readonly progress: Progress;
}

/** In a process that has written nothing of what it reads. */
export async function measureReads({ family, progress, ...plan }: ReadsOptions): Promise<SizeResult[]> {
  const results: SizeResult[] = [];
  for (const size of SIZES) {
    progress.update(`tiers · reading ${size.name}`);
    const child = await family.start<ReadsCalls>(`reader ${size.name}`, { from: import.meta.url, file: 'reads-child' });
    results.push({ size, ways: await child.ask('read', { ...plan, size }) });
    await child.close();
  }
  return results;
}
