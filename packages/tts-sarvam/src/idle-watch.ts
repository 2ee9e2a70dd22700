import { every } from './clock.ts';
import type { Clock } from './clock.ts';

/** Calls `ping` every `pingIntervalMs` and `expire` once after `timeoutMs`, until the returned function is called. */
export function watchIdle(
  clock: Clock,
  { pingIntervalMs, timeoutMs }: { pingIntervalMs: number; timeoutMs: number },
  ping: () => void,
  expire: () => void,
): () => void {
  const cancelExpiry = clock.after(timeoutMs, expire);
  const cancelPing = every(clock, pingIntervalMs, ping);
  return () => {
    cancelExpiry();
    cancelPing();
  };
}
