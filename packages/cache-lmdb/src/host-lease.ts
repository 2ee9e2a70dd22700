import { every, hostNow, pause } from './clock.ts';
import type { LmdbFile } from './lmdb-file.ts';
import { recordKey } from './names.ts';
import { isAlive } from './process-state.ts';
import { freshVersion } from './versions.ts';

/** Of a lease that is kept: so long it outlives a holder that hangs. */
const HOLD_MS = 5_000;
const HOLD_LOOK_MS = 250;

interface Holder {
  readonly pid: number;
  readonly expiresMs: number;
  /** What must not have changed for the lease to go on. */
  readonly under: readonly string[];
}

/** A right that one process of a machine holds at a time, until it gives it back, dies, or lets it expire. */
export class HostLease {
  readonly #file: LmdbFile;
  readonly #key: string;
  /** The version of the record is the holder's token. */
  #version: number;
  readonly #under: readonly string[];
  #last: Promise<unknown> = Promise.resolve();

  constructor(file: LmdbFile, key: string, version: number, under: readonly string[]) {
    this.#file = file;
    this.#key = key;
    this.#version = version;
    this.#under = under;
  }

  /** @returns false when it was lost: it has expired and another holds it, it was ended, or given back. */
  renew(forMs: number): Promise<boolean> {
    return this.#next(async () => {
      const next = freshVersion();
      const record = encode({ pid: process.pid, expiresMs: hostNow() + forMs, under: this.#under });
      const condition = { key: this.#key, version: this.#version };
      if (!(await this.#file.commit(condition, (batch) => batch.put(this.#key, record, next)))) return false;
      this.#version = next;
      return true;
    });
  }

  /** Never rejects: what cannot be given back expires. */
  async release(): Promise<void> {
    await this.#next(() => {
      const condition = { key: this.#key, version: this.#version };
      return this.#file.commit(condition, (batch) => batch.remove(this.#key));
    }).catch(() => false);
  }

  /** One after the other: a release must know the version that a renewal under way is about to write. */
  #next(work: () => Promise<boolean>): Promise<boolean> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => false);
    return done;
  }
}

/** The leases in the file. */
export class HostLeases {
  readonly #file: LmdbFile;

  constructor(file: LmdbFile) {
    this.#file = file;
  }

  /**
   * @param under the lease ends when these are no longer the same.
   * @returns `undefined` when another process, or another caller of this one, holds it.
   */
  async acquire(name: string, forMs: number, under: readonly string[] = []): Promise<HostLease | undefined> {
    const key = recordKey('lease', name);
    this.#file.renew();
    const found = this.#file.get(key);
    const holder = found && decode(found.bytes);
    if (holder !== undefined && isHeld(holder, under)) return undefined;
    const version = freshVersion();
    const record = encode({ pid: process.pid, expiresMs: hostNow() + forMs, under });
    const won = await this.#file.commit({ key, version: found?.version ?? null }, (batch) =>
      batch.put(key, record, version),
    );
    return won ? new HostLease(this.#file, key, version, under) : undefined;
  }

  /** Waits for a lease and keeps it, by renewal, until it is released. Rejects when the file fails meanwhile. */
  async hold(name: string): Promise<Pick<HostLease, 'release'>> {
    let lease = await this.acquire(name, HOLD_MS);
    while (lease === undefined) {
      await pause(HOLD_LOOK_MS);
      lease = await this.acquire(name, HOLD_MS);
    }
    const held = lease;
    const stop = every(HOLD_MS / 3, () => void held.renew(HOLD_MS).catch(() => false));
    return {
      release: () => {
        stop();
        return held.release();
      },
    };
  }

  /** The pid of the process that holds it, if one does. */
  holderOf(name: string): number | undefined {
    this.#file.renew();
    const bytes = this.#file.peek(recordKey('lease', name));
    const holder = bytes && decode(bytes);
    return holder !== undefined && isHeld(holder, holder.under) ? holder.pid : undefined;
  }
}

/** A dead holder is seen at once; one whose pid has been given to another process, when its time is over. */
function isHeld(holder: Holder, under: readonly string[]): boolean {
  return hostNow() < holder.expiresMs && areSame(holder.under, under) && isAlive(holder.pid);
}

function areSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name, index) => name === other[index]);
}

/** Whether a record in the file is nobody's lease any more. */
export function isExpiredLease(bytes: Buffer, nowMs: number): boolean {
  const holder = decode(bytes);
  return holder === undefined || nowMs >= holder.expiresMs || !isAlive(holder.pid);
}

function encode(holder: Holder): Buffer {
  return Buffer.from(JSON.stringify(holder));
}

function decode(bytes: Buffer): Holder | undefined {
  try {
    return JSON.parse(bytes.toString()) as Holder;
  } catch {
    return undefined;
  }
}
