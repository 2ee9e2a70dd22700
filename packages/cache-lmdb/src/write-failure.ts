import { after } from './clock.ts';
import { HostTierError } from './errors.ts';

/** Longer than any write takes, and than a cache waits for one. */
const STUCK_MS = 6_000;

/** Nobody waits longer for a writer that is stopped, though what is queued may still be written when it goes on. */
export async function inTime(written: Promise<boolean>, directory: string): Promise<boolean> {
  const late = Promise.withResolvers<never>();
  const cancel = after(STUCK_MS, () =>
    late.reject(
      new HostTierError('ERR_HOST_STUCK', `another process has been writing to ${directory} for ${STUCK_MS} ms`),
    ),
  );
  try {
    return await Promise.race([written, late.promise]);
  } finally {
    cancel();
  }
}

/** Why a write was not made; LMDB tells it beside the rejection. */
export async function failureOf(error: unknown, directory: string): Promise<HostTierError> {
  if (error instanceof HostTierError) return error;
  const told =
    error instanceof Error && 'commitError' in error ? Promise.resolve(error.commitError) : Promise.reject(error);
  const cause: unknown = await told.then(
    () => error,
    (reason: unknown) => reason,
  );
  const full = /no space|MAP_FULL|ENOSPC|quota|too large/iu.test(String(cause));
  const code = full ? 'ERR_HOST_FULL' : 'ERR_HOST_WRITE';
  return new HostTierError(code, `${directory} could not be written: ${String(cause)}`, { cause });
}
