import type { CacheEvent } from '../../contracts/events.ts';

/** What an event is counted as. */
export function outcomeOf(event: CacheEvent): string {
  switch (event.type) {
    case 'hit':
      return event.negative === true ? 'negative hit' : `hit in ${event.tier}`;
    case 'stale-hit':
      return `stale: ${event.reason}`;
    case 'load':
      return event.outcome === 'stored' && event.reason === 'refresh' ? 'refreshed' : `load ${event.outcome}`;
    case 'refused-write':
      return `refused: ${event.reason}`;
    case 'frame-fault':
      return event.fault === 'expired' || event.fault === 'stamps' ? `frame: ${event.fault}` : 'frame: damaged';
    case 'tier-error':
    case 'tier-timeout':
      return `${event.type}: ${event.operation}`;
    case 'breaker':
      return `breaker ${event.state}`;
    case 'lease-wait':
      return `lease ${event.outcome}`;
    case 'invalidation':
      return `invalidation ${event.pending ? 'pending' : 'done'}`;
    case 'outbox':
      return event.pending > 0 ? 'outbox filled' : 'outbox cleared';
    case 'bus-error':
      return `bus refuses: ${event.operation}`;
    case 'hearing':
      return event.state;
    default:
      return event.type;
  }
}
