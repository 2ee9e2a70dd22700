/** Lets one job run at a time, in order of arrival, urgent ones first. */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  #isTaken = false;

  async take<T>(job: () => Promise<T>, { isUrgent = false }: { isUrgent?: boolean } = {}): Promise<T> {
    if (this.#isTaken) {
      await new Promise<void>((resolve) => {
        if (isUrgent) this.#waiting.unshift(resolve);
        else this.#waiting.push(resolve);
      });
    }
    this.#isTaken = true;
    try {
      return await job();
    } finally {
      const next = this.#waiting.shift();
      // The next one takes over without letting go, so that no newcomer slips in between.
      if (next === undefined) this.#isTaken = false;
      else next();
    }
  }
}
