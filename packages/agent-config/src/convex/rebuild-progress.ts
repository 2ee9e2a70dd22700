import { type VArray, type VBoolean, type VFloat64, type VString, v } from 'convex/values';
import type { ObjectValidator } from './agent-validators.ts';
import type { WarmlineDataModel } from './data-model.ts';

/** @see rebuildProgressValidator */
export type RebuildProgressFields = {
  rebuilt: VFloat64;
  current: VFloat64;
  oversized: VFloat64;
  malformed: VFloat64;
  problems: VArray<string[], VString>;
  isDone: VBoolean;
};

/** Of how far a rebuild has come, from its start on: what its batches return. */
export const rebuildProgressValidator: ObjectValidator<RebuildProgressFields> = v.object({
  rebuilt: v.number(),
  /** Had their prompt already. */
  current: v.number(),
  /** Have a config beside which its prompt does not fit. */
  oversized: v.number(),
  malformed: v.number(),
  problems: v.array(v.string()),
  isDone: v.boolean(),
});

/** How far a rebuild has come, from its start on. */
export type RebuildProgress = ObjectValidator<RebuildProgressFields>['type'];

/** What is told of a row of the table `rebuilds`. */
export function progressOf(
  row: Omit<WarmlineDataModel['rebuilds']['document'], '_id' | '_creationTime'>,
): RebuildProgress {
  const { rebuilt, current, oversized, malformed, problems, isDone } = row;
  return { rebuilt, current, oversized, malformed, problems, isDone };
}
