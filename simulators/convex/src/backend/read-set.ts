import type { TableVersions } from './table-versions.ts';

/** What one run of a query depended on: tables at the version it saw, and whether who calls it. */
export class ReadSet {
  readonly #tables: Map<string, number> = new Map();
  #isPersonal = false;

  /** Whether the query asked for the caller's identity. */
  get isPersonal(): boolean {
    return this.#isPersonal;
  }

  readTable(table: string, version: number): void {
    if (!this.#tables.has(table)) this.#tables.set(table, version);
  }

  readIdentity(): void {
    this.#isPersonal = true;
  }

  /** Whether a new run would see the same. */
  isCurrent(versions: TableVersions): boolean {
    for (const [table, version] of this.#tables) {
      if (versions.of(table) !== version) return false;
    }
    return true;
  }
}
