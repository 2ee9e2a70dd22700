import type { Backend } from './backend/backend.ts';
import type { FaultSet } from './faults/fault-set.ts';
import type { LedgerBook } from './ledger/ledger-book.ts';
import type { ResolvedOptions } from './options.ts';

/** The state that every endpoint of one simulated deployment shares. */
export interface Simulation {
  readonly options: ResolvedOptions;
  readonly backend: Backend;
  readonly faults: FaultSet;
  readonly ledger: LedgerBook;
}
