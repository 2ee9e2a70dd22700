import type { LoadOptions, Outcome } from './contracts/cache.ts';

/** The same listener; what it throws becomes a process warning and breaks nothing. */
export function guarded<A extends unknown[]>(listener: (...args: A) => void): (...args: A) => void {
  return (...args) => {
    try {
      listener(...args);
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : String(error), { type: 'WarmlineListenerWarning' });
    }
  };
}

/** Tells a caller how it comes by its value. */
export function tellOutcome({ onOutcome }: LoadOptions, outcome: Outcome): void {
  if (onOutcome !== undefined) guarded(onOutcome)(outcome);
}
