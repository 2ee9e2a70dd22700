/** Counts the writes to each table. A version is bumped before its transaction commits, and nothing reads in between. */
export class TableVersions {
  readonly #versions: Map<string, number> = new Map();
  #writes = 0;

  /** All writes so far. */
  get writes(): number {
    return this.#writes;
  }

  of(table: string): number {
    return this.#versions.get(table) ?? 0;
  }

  bump(table: string): void {
    this.#writes += 1;
    this.#versions.set(table, this.of(table) + 1);
  }
}
