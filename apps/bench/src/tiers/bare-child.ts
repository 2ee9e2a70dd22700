/** Told by a fresh process when it has done what it is for, on the clock that all processes share. */
export interface Done {
  readonly doneMs: number;
}

const done: Done = { doneMs: Number(process.hrtime.bigint()) / 1e6 };
process.send?.(done, () => process.exit());
