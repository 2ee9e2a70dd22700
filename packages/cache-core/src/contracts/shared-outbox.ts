import type { Invalidation } from './invalidation.ts';

/**
 * Invalidations that farther tiers or the bus have not acknowledged, kept for all processes of a machine: they outlive the
 * process that owes them, and while they stand nobody on the machine looks for what they name in a farther tier.
 */
export interface SharedOutbox {
  /** Resolves once it is written down. @returns the name of the debt. */
  owe(invalidation: Invalidation): Promise<string>;
  /** It has been acknowledged everywhere. Settling twice does nothing. */
  settle(debt: string): Promise<void>;
  /** What is owed now. The same array for as long as nothing changes; cheap, because it is asked at every look into a farther tier. */
  owed(): readonly Invalidation[];
}
