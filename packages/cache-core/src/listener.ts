import type { LoadOptions, Outcome } from './contracts/cache.ts';

/** The same listener; what it throws, or rejects with, becomes a process warning and breaks nothing. */
export function guarded<A extends unknown[]>(listener: (...args: A) => unknown): (...args: A) => void {
  return (...args) => {
    try {
      const result = listener(...args);
      if (result instanceof Promise) result.catch(warn);
    } catch (error) {
      warn(error);
    }
  };
}

/** Tells a caller how it comes by its value. */
export function tellOutcome({ onOutcome }: LoadOptions, outcome: Outcome): void {
  if (onOutcome !== undefined) guarded(onOutcome)(outcome);
}

/** What an application's own function did wrong, where there is nobody to throw it to. */
export function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error), { type: 'WarmlineListenerWarning' });
}
