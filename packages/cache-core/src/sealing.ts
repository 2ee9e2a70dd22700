import type { Seal } from './contracts/codec.ts';
import type { EntryRef } from './contracts/invalidation.ts';
import type { Frame } from './frame.ts';
import { asStored } from './frame.ts';
import type { Policy } from './policy.ts';

type Format = Pick<Policy<unknown>, 'format'> & { readonly codec: { readonly seal?: Seal | undefined } };
type Sealable = Omit<Frame, 'loadCostMs'>;

/** The payload as it leaves the process: sealed, if the codec has a seal, to its entry, its times and its stamps. */
export function sealPayload({ codec: { seal }, format }: Format, ref: EntryRef, frame: Sealable): Uint8Array {
  return seal === undefined ? frame.payload : seal.seal(frame.payload, bindingOf(format, ref, frame));
}

/** @throws when the payload was not sealed for this frame. */
export function openPayload({ codec: { seal }, format }: Format, ref: EntryRef, frame: Sealable): Uint8Array {
  return seal === undefined ? frame.payload : seal.open(frame.payload, bindingOf(format, ref, frame));
}

/**
 * Everything that decides whether and how long a frame is served, so that who can write to a tier but has no key can neither
 * revive an old value under new stamps, nor make one last, nor plant a "there is none".
 */
function bindingOf(
  format: string,
  ref: EntryRef,
  { originMs, ttlMs, graceMs, negative = false, stamps }: Sealable,
): string {
  const parts = [format, ref.key, originMs, asStored(ttlMs), asStored(graceMs), negative, stamps.key, stamps.namespace];
  return [...parts, ...stamps.tags].join('|');
}
