import type { FaultSet } from './faults/fault-set.ts';
import type { LedgerBook } from './ledger-book.ts';
import type { ResolvedOptions } from './options.ts';
import type { TimingModel } from './timing-model.ts';
import type { Takes } from './voice/takes.ts';

/** The state that every endpoint of one simulated account shares. */
export interface Simulation {
  readonly options: ResolvedOptions;
  readonly ledger: LedgerBook;
  readonly faults: FaultSet;
  readonly takes: Takes;
  readonly timing: TimingModel;
}
