import { CacheFault } from './fault.ts';

/** Bytes on their way to Redis, of one connection: enough to keep it busy, less than a `Link` refuses. */
const ROOM_BYTES = 512 * 1024;
const MAX_WAITING = 10_000;
const MAX_WAITING_BYTES = 64 * 2 ** 20;

/**
 * Lets writes wait for each other, in the order they came: a thousand values stored at once are more than one connection takes,
 * and a server that hangs must not fill this process's memory. Who waits too long gives up by itself and lets the next one in.
 */
export class Room {
  readonly #waiting: { readonly bytes: number; readonly enter: () => void }[] = [];
  #used = 0;
  #waitingBytes = 0;

  /**
   * Resolves when there is room; call {@link leave} with the same size afterwards. A value larger than all room goes alone.
   * @throws CacheFault `busy` when too many wait.
   */
  enter(bytes: number): Promise<void> | undefined {
    if (this.#waiting.length === 0 && this.#fits(bytes)) {
      this.#used += bytes;
      return undefined;
    }
    if (this.#waiting.length >= MAX_WAITING || this.#waitingBytes + bytes > MAX_WAITING_BYTES)
      throw new CacheFault('busy');
    this.#waitingBytes += bytes;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ bytes, enter: resolve });
    return promise;
  }

  leave(bytes: number): void {
    this.#used -= bytes;
    let admitted = 0;
    for (const { bytes: next, enter } of this.#waiting) {
      if (!this.#fits(next)) break;
      this.#used += next;
      this.#waitingBytes -= next;
      admitted++;
      enter();
    }
    this.#waiting.splice(0, admitted);
  }

  #fits(bytes: number): boolean {
    return this.#used === 0 || this.#used + bytes <= ROOM_BYTES;
  }
}
