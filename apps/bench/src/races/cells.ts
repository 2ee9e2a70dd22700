/** How the value comes to be on its way when the invalidation strikes. */
export const LOADS = [
  'foreground load',
  'background refresh',
  'early refresh',
  'after soft timeout',
  'promotion',
] as const;
export type Load = (typeof LOADS)[number];

/** What makes the value old. `bus`: any of the others, on another machine. */
export const INVALIDATIONS = ['delete', 'tag', 'clear', 'set', 'bus'] as const;
export type InvalidationKind = (typeof INVALIDATIONS)[number];

/** 1: process tiers only. 2: processes over the tier of their machine. 3: machines over a tier of the cluster. */
export const LEVELS = [1, 2, 3] as const;
export type Levels = (typeof LEVELS)[number];

/** One combination of which enough interleavings are played. */
export interface Cell {
  readonly load: Load;
  readonly invalidation: InvalidationKind;
  readonly levels: Levels;
}

/** Every combination, whether it exists or not. */
export const CELLS: readonly Cell[] = LOADS.flatMap((load) =>
  INVALIDATIONS.flatMap((invalidation) => LEVELS.map((levels) => ({ load, invalidation, levels }))),
);

/** Nothing lies below the process tier of a lone process, so that nothing is promoted. */
export function applies({ load, levels }: Cell): boolean {
  return load !== 'promotion' || levels > 1;
}

/** The defences that `createCacheWithout` can take away. */
export type Defence = 'stamps' | 'journal' | 'detach' | 'tags-before-load';

/** What a sabotage takes away, and the cells in which that defence has work to do. */
export interface Sabotage {
  readonly defence: Defence;
  readonly where: string;
  matters(cell: Cell): boolean;
}

export const SABOTAGES: Readonly<Record<string, Sabotage>> = {
  'no-stamps': {
    defence: 'stamps',
    where: 'every cell with a shared tier: stamps guard nothing else',
    matters: ({ levels }) => levels > 1,
  },
  'no-journal': {
    defence: 'journal',
    where: 'every cell with a shared tier: what a lone process loads is refused with its flight already',
    matters: ({ levels }) => levels > 1,
  },
  'join-after-delete': {
    defence: 'detach',
    where: 'every cell: all of them have a load that can be joined',
    matters: () => true,
  },
  'tags-after-load': {
    defence: 'tags-before-load',
    where: 'cells with a shared tier in which a tag is invalidated: elsewhere tags have no stamps',
    matters: ({ invalidation, levels }) => levels > 1 && (invalidation === 'tag' || invalidation === 'bus'),
  },
};
