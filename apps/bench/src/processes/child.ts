import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Answer, Calls, Question } from './messages.ts';

const PATIENCE_MS = 5_000;

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** How a process is started. */
export interface ChildOptions {
  /** `import.meta.url` of a file of the folder that its file is in. */
  readonly from: string;
  /** Its file without extension: `.ts` from source, `.js` when built, as this one. */
  readonly file: string;
  readonly args?: readonly string[];
  readonly onNote?: (note: unknown) => void;
}

/** A process of the bench that does what it is asked (see `serve`), until it is closed or killed. */
export class Child<C extends Calls<C>> {
  readonly pid: number;
  readonly ended: Promise<void>;
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #complaints: Buffer[] = [];
  #asked = 0;
  #killed = false;
  #over = false;

  private constructor(child: ChildProcess, onReady: () => void, onNote: (note: unknown) => void) {
    this.#process = child;
    this.pid = child.pid ?? 0;
    child.stderr?.on('data', (chunk: Buffer) => this.#complaints.push(chunk));
    child.on('message', (answer: Answer) => {
      if (answer.type === 'ready') onReady();
      else if (answer.type === 'note') onNote(answer.note);
      else this.#settle(answer);
    });
    // Not `close`, which Node does not emit after the parent has disconnected; one turn later its last words have arrived.
    this.ended = new Promise((resolve) => child.once('exit', () => setImmediate(() => resolve(this.#end()))));
  }

  /** @throws Error with what it wrote to its error output when it ends before it is ready. */
  static async start<C extends Calls<C>>({ from, file, args = [], onNote }: ChildOptions): Promise<Child<C>> {
    const path = fileURLToPath(new URL(`${file}${extname(import.meta.url)}`, from));
    const { promise: ready, resolve } = Promise.withResolvers<void>();
    const started = fork(path, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], serialization: 'advanced' });
    const child = new Child<C>(started, resolve, onNote ?? (() => {}));
    const early = child.ended.then(() => {
      throw child.#failure(`${file} did not start`);
    });
    await Promise.race([ready, early]);
    early.catch(() => {});
    return child;
  }

  /** Whether it was ended by {@link kill}. */
  get wasKilled(): boolean {
    return this.#killed;
  }

  get isAlive(): boolean {
    return !this.#over;
  }

  /** Rejects with what the call threw there, or when the process ends before it has answered. */
  ask<Name extends keyof C & string>(call: Name, input: Parameters<C[Name]>[0]): Promise<Awaited<ReturnType<C[Name]>>> {
    const id = ++this.#asked;
    return new Promise((resolve, reject) => {
      if (this.#over) return reject(this.#failure(`process ${this.pid} was asked '${call}' after its end`));
      this.#waiting.set(id, { resolve: (result) => resolve(result as never), reject });
      this.#process.send({ id, call, input } satisfies Question, (error) => {
        if (error !== null) this.#waiting.get(id)?.reject(error);
      });
    });
  }

  /** Sends a signal; after `SIGKILL` nothing more is heard of it. */
  kill(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    if (signal === 'SIGKILL') this.#killed = true;
    this.#process.kill(signal);
  }

  /** Lets it end, by force if it does not. */
  async close(): Promise<void> {
    if (this.#process.connected) this.#process.disconnect();
    const timer = setTimeout(() => this.kill('SIGKILL'), PATIENCE_MS);
    await this.ended;
    clearTimeout(timer);
  }

  #settle(answer: Extract<Answer, { id: number }>): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.type === 'result') waiting?.resolve(answer.result);
    else waiting?.reject(new Error(`in process ${this.pid}: ${answer.message}`));
  }

  #end(): void {
    this.#over = true;
    for (const { reject } of this.#waiting.values())
      reject(this.#failure(`process ${this.pid} ended without an answer`));
    this.#waiting.clear();
  }

  #failure(what: string): Error {
    return new Error(`${what}: ${Buffer.concat(this.#complaints).toString().trim() || 'it said nothing'}`);
  }
}
