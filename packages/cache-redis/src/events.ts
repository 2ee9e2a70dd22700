/** What happens to a connection to Redis. */
export type RedisEvent =
  /** There is no connection. Told once, until there is one again; it is tried for ever. */
  { readonly type: 'redis-unavailable'; readonly error: Error } | { readonly type: 'redis-available' };

/** @see RedisEvent */
export type RedisListener = (event: RedisEvent) => void;

/** The listener, or a process warning for a connection that could not be made: nothing is silent. */
export function tellerOf(onEvent: RedisListener | undefined): RedisListener {
  if (onEvent === undefined) {
    return (event) => {
      if (event.type === 'redis-unavailable') process.emitWarning(event.error);
    };
  }
  return (event) => {
    try {
      onEvent(event);
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : new Error(String(error)));
    }
  };
}
