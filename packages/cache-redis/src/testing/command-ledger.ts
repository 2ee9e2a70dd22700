import { CommandReader } from './command-reader.ts';

/** What clients have sent, counted by the command's name in capitals. */
export class CommandLedger {
  readonly #names = new Map<string, number>();
  #connections: Map<string, number>[] = [];
  #total = 0;

  get total(): number {
    return this.#total;
  }

  get byName(): ReadonlyMap<string, number> {
    return this.#names;
  }

  /** One count by name for each connection that was open since the last `reset`, in the order in which they were opened. */
  get byConnection(): readonly ReadonlyMap<string, number>[] {
    return this.#connections;
  }

  count(name: string): number {
    return this.#names.get(name.toUpperCase()) ?? 0;
  }

  /** Starts from nothing. A command whose beginning has been counted is not counted again. */
  reset(): void {
    this.#names.clear();
    this.#total = 0;
    for (const names of this.#connections) names.clear();
    this.#connections = this.#connections.filter((names) => this.#open.has(names));
  }

  readonly #open = new Set<Map<string, number>>();

  /** @returns what to give the bytes of a new connection to, and what to call when it is closed. */
  connection(): { readonly read: (bytes: Buffer) => void; readonly close: () => void } {
    const names = new Map<string, number>();
    this.#connections.push(names);
    this.#open.add(names);
    const reader = new CommandReader((name) => {
      this.#total++;
      for (const counts of [this.#names, names]) counts.set(name, (counts.get(name) ?? 0) + 1);
    });
    return { read: (bytes) => reader.read(bytes), close: () => this.#open.delete(names) };
  }
}
