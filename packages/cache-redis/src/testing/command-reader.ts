const LINE_FEED = 10;
const STAR = 42;
/** Of a name or of a header, to keep; both are much shorter. */
const KEPT_BYTES = 64;

/**
 * Finds the commands in what a client sends (RESP arrays of bulk strings, and inline commands), in whatever pieces it comes.
 * Payloads are skipped and not kept. A command counts as soon as its name is complete.
 */
export class CommandReader {
  readonly #onCommand: (name: string) => void;
  /** The line or the name that is being read. */
  #text = '';
  /** Arguments of the array that are still to come. */
  #arguments = 0;
  #isName = false;
  /** Bytes of the payload that are still to come, with its line end. */
  #payload = 0;

  constructor(onCommand: (name: string) => void) {
    this.#onCommand = onCommand;
  }

  read(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) at = this.#payload > 0 ? this.#readPayload(bytes, at) : this.#readLine(bytes, at);
  }

  #readPayload(bytes: Buffer, from: number): number {
    const to = Math.min(bytes.length, from + this.#payload);
    if (this.#isName) this.#keep(bytes, from, to);
    this.#payload -= to - from;
    if (this.#payload === 0) {
      if (this.#isName) this.#found(this.#text);
      this.#isName = false;
      this.#text = '';
      this.#arguments--;
    }
    return to;
  }

  #readLine(bytes: Buffer, from: number): number {
    const end = bytes.indexOf(LINE_FEED, from);
    this.#keep(bytes, from, end === -1 ? bytes.length : end);
    if (end === -1) return bytes.length;
    const line = this.#text.trimEnd();
    this.#text = '';
    if (this.#arguments > 0 && /^\$\d+$/.test(line)) this.#payload = Number(line.slice(1)) + 2;
    else if (line.charCodeAt(0) === STAR) {
      this.#arguments = Math.max(0, Number(line.slice(1)));
      this.#isName = this.#arguments > 0;
    } else if (line !== '') this.#found(line);
    return end + 1;
  }

  #keep(bytes: Buffer, from: number, to: number): void {
    const room = KEPT_BYTES - this.#text.length;
    if (room > 0) this.#text += bytes.toString('latin1', from, Math.min(to, from + room));
  }

  #found(text: string): void {
    const [name = ''] = text.trim().split(/\s/, 1);
    this.#onCommand(name.toUpperCase());
  }
}
