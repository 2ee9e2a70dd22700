import { randomBytes } from 'node:crypto';
import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@warmline/cache-core';
import type { Clock } from '@warmline/cache-core';
import type { Observation } from '@warmline/tts-cache';
import { directorySecret } from './directory-secret.ts';
import { logBytes, LOG_SUFFIX } from './log-directory.ts';
import { headerOf, toLine, toLogged } from './logged-observation.ts';

/** What a log tells about itself; each at most once, because it stops with it. Never contains text. */
export type ObservationLogEvent =
  | { readonly type: 'observation-error'; readonly error: unknown }
  /** The directory is full. */
  | { readonly type: 'observation-limit'; readonly directory: string; readonly maxBytes: number };

/** Options of `ObservationLog`. */
export interface ObservationLogOptions {
  /** Made with mode 0700 where it is not there. One for all processes of a machine. */
  readonly directory: string;
  /** At least 16 bytes, for logs of several machines to be read together. @default made at random, kept in the directory */
  readonly secret?: string | Uint8Array;
  /** Writes the sentences themselves too, for a report with the phrases to warm. @default false */
  readonly keepText?: boolean;
  /** A directory of about so many bytes gets no more lines. @default 256 MiB */
  readonly maxBytes?: number;
  /** @default a process warning */
  readonly onEvent?: (event: ObservationLogEvent) => void;
  /** @default systemClock */
  readonly clock?: Clock;
}

const FLUSH_MS = 1000;
const MIN_SECRET_BYTES = 16;
/** More than a call says in a minute: a disk that hangs must not fill the memory. */
const MAX_WAITING = 10_000;
/** After so many bytes of its own, a long-lived process looks again at what the others wrote. */
const RECOUNT_BYTES = 2 ** 20;

/**
 * Writes observations down as lines of JSON, one file a process, hashed with a secret. It never throws and is never waited
 * for: a failure stops the log, not the call.
 */
export class ObservationLog {
  readonly #options: ObservationLogOptions;
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #clock: Clock;
  readonly #givenSecret: Uint8Array | undefined;
  #waiting: Observation[] = [];
  #cancelTimer: (() => void) | undefined;
  #writing: Promise<void> = Promise.resolve();
  #secret: Uint8Array | undefined;
  #directoryBytes = 0;
  #uncountedBytes = Number.POSITIVE_INFINITY;
  #stopped = false;

  /** @throws TypeError for an empty directory, a short secret or a limit that is no number above 0. */
  constructor(options: ObservationLogOptions) {
    const { directory, secret, maxBytes = 256 * 2 ** 20, clock = systemClock } = options;
    if (typeof directory !== 'string' || directory === '') {
      throw new TypeError(`directory must be the path of a folder, got ${JSON.stringify(directory)}`);
    }
    if (typeof maxBytes !== 'number' || !(maxBytes > 0)) {
      throw new TypeError(`maxBytes must be a number above 0, got ${String(maxBytes)}`);
    }
    this.#options = options;
    this.#maxBytes = maxBytes;
    this.#clock = clock;
    this.#givenSecret = secret === undefined ? undefined : secretBytes(secret);
    this.#path = join(directory, `${process.pid}-${randomBytes(8).toString('hex')}${LOG_SUFFIX}`);
  }

  /** Takes a copy for later; may be handed over as it is, as `onObservation`. */
  readonly record = (observation: Observation): void => {
    if (this.#stopped) return;
    if (this.#waiting.length >= MAX_WAITING) {
      return this.#fail(new Error(`${this.#path} takes no lines: ${MAX_WAITING} observations wait`));
    }
    this.#waiting.push(observation);
    this.#cancelTimer ??= this.#clock.after(FLUSH_MS, () => void this.flush());
  };

  /** Writes what waits. Never rejects. */
  flush(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#writing = this.#writing.then(() => this.#write()).catch((error: unknown) => this.#fail(error));
    return this.#writing;
  }

  /** Writes what waits, and takes no more. Never rejects. */
  async close(): Promise<void> {
    await this.flush();
    this.#stopped = true;
    this.#cancelTimer?.();
  }

  async #write(): Promise<void> {
    const observations = this.#waiting.splice(0);
    if (observations.length === 0 || this.#stopped) return;
    const { directory, keepText = false } = this.#options;
    let lines = '';
    if (this.#secret === undefined) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      this.#secret = this.#givenSecret ?? (await directorySecret(directory));
      lines = toLine(headerOf(this.#secret));
    }
    for (const observation of observations) lines += toLine(toLogged(observation, this.#secret, keepText));
    const bytes = Buffer.byteLength(lines);
    if (!(await this.#fits(bytes))) {
      this.#stop({ type: 'observation-limit', directory, maxBytes: this.#maxBytes });
      return;
    }
    await appendFile(this.#path, lines, { mode: 0o600 });
    this.#directoryBytes += bytes;
    this.#uncountedBytes += bytes;
  }

  /** A call writes little, and others write too: looked up once a process, as a rule. */
  async #fits(bytes: number): Promise<boolean> {
    if (this.#uncountedBytes > RECOUNT_BYTES) {
      this.#directoryBytes = await logBytes(this.#options.directory);
      this.#uncountedBytes = 0;
    }
    return this.#directoryBytes + bytes <= this.#maxBytes;
  }

  #fail(error: unknown): void {
    this.#stop({ type: 'observation-error', error });
  }

  #stop(event: ObservationLogEvent): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#waiting = [];
    const { onEvent = warn } = this.#options;
    try {
      onEvent(event);
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : String(error), { type: 'WarmlineListenerWarning' });
    }
  }
}

function warn(event: ObservationLogEvent): void {
  const message =
    event.type === 'observation-limit'
      ? `${event.directory} has reached its limit of ${event.maxBytes} bytes: no more observations are written`
      : `observations are no longer written: ${event.error instanceof Error ? event.error.message : String(event.error)}`;
  process.emitWarning(message, { type: 'WarmlineObservationWarning' });
}

/** @throws TypeError when it is too short to keep anything secret; without saying what it is. */
function secretBytes(secret: string | Uint8Array): Uint8Array {
  const bytes = Buffer.from(secret);
  if (bytes.byteLength < MIN_SECRET_BYTES) {
    throw new TypeError(`secret must have at least ${MIN_SECRET_BYTES} bytes, got ${bytes.byteLength}`);
  }
  return bytes;
}
