const FOR_EVER_MS = 2 ** 30;

/** Keeps the process alive while something is awaited, and only then: sockets of this package never do. */
export class KeepAlive {
  readonly #handle = setInterval(() => {}, FOR_EVER_MS).unref();
  #awaited = 0;

  enter(): void {
    if (this.#awaited++ === 0) this.#handle.ref();
  }

  leave(): void {
    if (--this.#awaited === 0) this.#handle.unref();
  }

  close(): void {
    clearInterval(this.#handle);
  }
}
