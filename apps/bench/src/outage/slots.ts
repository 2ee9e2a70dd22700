import { COMPOSITIONS } from './composition.ts';
import type { Composition } from './composition.ts';

/** Keys that another machine changes before an outage, and others that it changes in it. */
export const BEFORE_SLOTS: readonly number[] = [0, 1, 2, 3, 4, 5];
export const DURING_SLOTS: readonly number[] = [6, 7, 8, 9];
const OWN = 6;
const FIRST_OWN = BEFORE_SLOTS.length + DURING_SLOTS.length;

/** Keys that a process under test changes itself, before and in an outage. */
export function ownSlots(composition: Composition): readonly number[] {
  const first = FIRST_OWN + COMPOSITIONS.indexOf(composition) * OWN;
  return Array.from({ length: OWN }, (_, index) => first + index);
}

/** Keys of which a process under test must know at any time how old they may be. */
export function watchedSlots(composition: Composition): readonly number[] {
  return [...BEFORE_SLOTS, ...DURING_SLOTS, ...ownSlots(composition)];
}

export const SLOTS: readonly number[] = [...BEFORE_SLOTS, ...DURING_SLOTS, ...COMPOSITIONS.flatMap(ownSlots)];
