/** Closes connections in the background. A close that fails is reported and hurts nobody. */
export class Closer<C> {
  readonly #close: (connection: C) => Promise<void> | void;
  readonly #onFailure: (error: unknown) => void;
  readonly #onClosed: () => void;
  readonly #underWay = new Set<Promise<void>>();

  constructor(
    close: (connection: C) => Promise<void> | void,
    { onFailure, onClosed }: { onFailure: (error: unknown) => void; onClosed: () => void },
  ) {
    this.#close = close;
    this.#onFailure = onFailure;
    this.#onClosed = onClosed;
  }

  /** How many are being closed: for the other side they still count. */
  get size(): number {
    return this.#underWay.size;
  }

  close(connection: C): void {
    const closing = this.#run(connection).then(() => {
      this.#underWay.delete(closing);
      this.#onClosed();
    });
    this.#underWay.add(closing);
  }

  /** Resolves when everything begun is over. */
  async finished(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  async #run(connection: C): Promise<void> {
    try {
      await this.#close(connection);
    } catch (error) {
      this.#onFailure(error);
    }
  }
}
