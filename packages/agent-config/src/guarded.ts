/** The same listener; what it throws becomes a process warning and breaks nothing. */
export function guarded<E>(listener: ((event: E) => void) | undefined): (event: E) => void {
  return (event) => {
    try {
      listener?.(event);
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : String(error), { type: 'WarmlineListenerWarning' });
    }
  };
}
