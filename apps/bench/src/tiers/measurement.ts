import type { ClusterReads } from './cluster/reads.ts';
import type { Invalidations } from './invalidations.ts';
import type { Opens } from './opens.ts';
import type { WayResult } from './reads-child.ts';
import type { SizeResult } from './reads.ts';
import type { Size } from './stock.ts';
import type { WayName } from './ways.ts';
import type { Writes } from './writes.ts';

/** Everything that was measured. */
export interface TiersMeasurement {
  readonly reads: readonly SizeResult[];
  readonly opens: Opens;
  readonly writes: Writes;
  readonly invalidations: Invalidations;
  readonly cluster: ClusterReads;
}

/** @throws Error when it was not measured */
export function wayOf(m: TiersMeasurement, size: Size['name'], way: WayName): WayResult {
  const found = m.reads.find((each) => each.size.name === size)?.ways.find(({ name }) => name === way);
  if (found === undefined) throw new Error(`not measured: ${way}, ${size}`);
  return found;
}

/** Round by round. */
export function beyondBareMs({ opens }: TiersMeasurement): number[] {
  return opens.openMs.map((ms, round) => ms - (opens.bareMs[round] ?? Number.NaN));
}
