import type { Cache } from '../../contracts/cache.ts';
import type { SharedTier } from '../../contracts/shared-tier.ts';
import type { Change, Copy } from '../reference-model.ts';
import type { FaultyTier } from './faulty-tier.ts';

/** What a model is played on. */
export interface ModelStage {
  /** The shared tiers of machine A and of machine B, nearest first; the same object where both share it. */
  readonly machines: readonly [readonly SharedTier[], readonly SharedTier[]];
  /** The tiers drop entries or stamps for space. @default false */
  readonly evicts?: boolean;
  close(): Promise<void>;
}

/** One process with its cache. */
export interface ModelProcess {
  readonly id: string;
  readonly slot: number;
  /** Who is told of an invalidation at the same time: the machine, or the process where it listens itself. */
  readonly hearsAt: string;
  /** Who finds what this process has stored. */
  readonly sharesWith: string;
  readonly scope: string;
  readonly cache: Cache<Copy>;
  readonly tiers: readonly FaultyTier[];
  /** Invalidations not acknowledged, by whom. */
  readonly outbox: Map<string, number>;
  readonly owed: Sent[];
  closed: boolean;
}

/** An invalidation that was called: what it is about, and how far it has come. */
export interface Sent {
  readonly by: ModelProcess;
  readonly signature: string;
  readonly change: Change;
  readonly soft: boolean;
  /** The bus has accepted it. */
  published: boolean;
  /** The call has come back, but somebody has not acknowledged. */
  pending: boolean;
}
