import { ConvexError, type VOptional, type VString, v } from 'convex/values';

/** The argument that every public function takes: optional, so that a call without it is refused like one with a wrong one. */
export const secretArgs: { secret: VOptional<VString> } = { secret: v.optional(v.string()) };

/**
 * Lets only our own services pass. It reads no identity: so Convex may serve one cached result to all of them.
 * @param expected @default the environment variable `WARMLINE_SERVICE_SECRET`
 * @throws ConvexError with the data `{ code: 'unauthorized' }` when the secret is another, or none is set.
 */
export function requireSecret(
  given: string | undefined,
  expected: string | undefined = process.env['WARMLINE_SERVICE_SECRET'],
): void {
  if (!expected || given === undefined || !isSame(given, expected)) throw new ConvexError({ code: 'unauthorized' });
}

/** Takes as long for a guess that is nearly right as for one that is not. */
function isSame(given: string, expected: string): boolean {
  let difference = given.length ^ expected.length;
  for (let i = 0; i < expected.length; i++) difference |= given.charCodeAt(i) ^ expected.charCodeAt(i);
  return difference === 0;
}
