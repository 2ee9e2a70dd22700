import { untilAborted } from './abortable.ts';
import type { Clock } from './clock.ts';
import { messageOf } from './events.ts';
import type { PoolEvent } from './events.ts';
import type { Permit, Permits } from './permits.ts';

/** How much longer than it was told a store may take, before it counts as broken. */
const ANSWER_MS = 100;

/**
 * A permit, or `undefined` with an event that says why not. A store that throws, rejects or does not answer has none to
 * give: that costs a connection, never a call. Rejects only with the signal's reason.
 */
export async function askPermit(
  { permits, waitMs, clock }: { permits: Permits; waitMs: number; clock: Clock },
  signal: AbortSignal,
  emit: (event: PoolEvent) => void,
): Promise<Permit | undefined> {
  const late = new AbortController();
  const over = AbortSignal.any([signal, late.signal]);
  const ask = async (): Promise<Permit | undefined> => permits.acquire(waitMs, over);
  const asked = ask();
  const expire = (): void => late.abort(new Error(`no answer within ${waitMs + ANSWER_MS} ms`));
  // In two steps: when the process itself was held up, the store's own timer may be due too, and it comes first.
  let cancel = clock.after(waitMs + ANSWER_MS - 1, () => {
    cancel = clock.after(1, expire);
  });
  try {
    const permit = await untilAborted(asked, over);
    over.throwIfAborted();
    if (permit === undefined) emit({ type: 'no-permit', waitMs });
    return permit;
  } catch (error) {
    // What comes too late goes back: nobody else knows of it.
    asked.then(
      (permit) => permit?.release(),
      () => {},
    );
    signal.throwIfAborted();
    emit({ type: 'permits-failed', message: messageOf(error) });
    return undefined;
  } finally {
    cancel();
  }
}
