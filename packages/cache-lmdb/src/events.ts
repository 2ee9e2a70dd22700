import type { HostTierError } from './errors.ts';

/** What a host tier tells about itself; calls that fail are told by the cache that made them. Sizes are bytes. */
export type HostEvent =
  /** This process has no host tier, or has lost it: everything works as without one. Told once. */
  | { readonly type: 'host-tier-unavailable'; readonly error: HostTierError }
  /** An entry was not stored, because it is larger than a host tier takes. */
  | { readonly type: 'not-admitted'; readonly bytes: number; readonly maxEntryBytes: number }
  /** The keeper has made space. */
  | {
      readonly type: 'swept';
      readonly expired: number;
      readonly evicted: number;
      readonly freedBytes: number;
      readonly usedBytes: number;
    }
  /** This process has become the one that keeps the machine's host tier, or is it no longer. */
  | { readonly type: 'keeper'; readonly state: 'holding' | 'lost' }
  /** A duty of the keeper has failed; it is tried again. */
  | { readonly type: 'duty-failed'; readonly duty: string; readonly error: unknown };

/** Hears a {@link HostEvent}; what it throws becomes a process warning. */
export type HostListener = (event: HostEvent) => void;

/** Nothing is silent: a lost tier that nobody listens for becomes a process warning. */
export function teller(listener: HostListener | undefined): HostListener {
  return (event) => {
    if (listener === undefined) {
      if (event.type === 'host-tier-unavailable') process.emitWarning(event.error);
      return;
    }
    try {
      listener(event);
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : String(error), { type: 'WarmlineListenerWarning' });
    }
  };
}
