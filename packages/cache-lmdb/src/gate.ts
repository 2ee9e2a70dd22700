import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { hostNow, pause, standStill } from './clock.ts';
import { HostTierError } from './errors.ts';
import { identityOf, isAliveAs } from './process-state.ts';

/** A commit takes well under a millisecond; a writer that takes so long is stopped, or its event loop is. */
const OPEN_WAIT_MS = 3_000;
/** Opening takes a few milliseconds; as long as anybody waits for a write at all. */
const WRITE_WAIT_MS = 5_000;
const POLL_MS = 1;
const WRITING = Buffer.from('1');
const IDLE = Buffer.from('0');
/** Tickets and flags begin with the name of their process; one that opens anew after its file is gone has two flags for a while. */
const OWN = identityOf(process.pid);

/**
 * Keeps processes from opening the file while others commit. LMDB as it comes with lmdb-js 3.5 stores, at every opening and
 * without its write lock, the transaction number that it has read before (`mdb_env_open2`; LMDB's own fix is ITS#9496):
 *
 *   1. B, opening, reads transaction n   2. A commits n+1   3. B stores n   4. the next writer begins from n: what A has
 *   committed is lost, and its pages are given out twice
 *
 * Who opens puts up a ticket and waits until nobody writes; who writes puts up a flag, and takes it down again when it sees a
 * ticket. Each puts up its own before it looks for the other's, so one of the two always sees the other. Those of the dead do
 * not count.
 */
export class Gate {
  readonly #tickets: string;
  readonly #flag: number;
  readonly #flagFile: string;
  #inside = 0;

  /** Takes part as a writer. */
  constructor(directory: string) {
    this.#tickets = join(directory, 'opening');
    this.#flagFile = join(directory, 'writing', `${OWN}-${randomUUID()}`);
    this.#flag = openSync(this.#flagFile, 'w', 0o600);
    writeSync(this.#flag, IDLE, 0, 1, 0);
  }

  /** Runs `open` while no process writes. @throws HostTierError `ERR_HOST_STUCK` when one does not end. */
  static whileNobodyWrites<T>(directory: string, open: () => T): T {
    const flags = join(directory, 'writing');
    const tickets = join(directory, 'opening');
    for (const folder of [flags, tickets]) mkdirSync(folder, { recursive: true, mode: 0o700 });
    const ticket = join(tickets, OWN);
    writeFileSync(ticket, '');
    try {
      const untilMs = hostNow() + OPEN_WAIT_MS;
      for (const flag of readdirSync(flags)) {
        // Its own writes are to a file that is gone: it opens none twice.
        if (flag.startsWith(`${OWN}-`)) continue;
        while (isWriting(join(flags, flag)) && isAliveAs(flag)) {
          if (hostNow() > untilMs) {
            throw stuck(`process ${Number.parseInt(flag, 10)} has been writing to ${directory} for ${OPEN_WAIT_MS} ms`);
          }
          standStill(POLL_MS);
        }
      }
      return open();
    } finally {
      rmSync(ticket, { force: true });
    }
  }

  /** Waits until nobody is opening the file; from then on nobody does until {@link leave}. */
  async enter(): Promise<void> {
    const untilMs = hostNow() + WRITE_WAIT_MS;
    while (!this.#tryEnter()) {
      if (hostNow() > untilMs) throw stuck(`another process has been opening ${this.#tickets} for ${WRITE_WAIT_MS} ms`);
      await pause(POLL_MS);
    }
  }

  leave(): void {
    if (--this.#inside === 0) writeSync(this.#flag, IDLE, 0, 1, 0);
  }

  close(): void {
    closeSync(this.#flag);
    rmSync(this.#flagFile, { force: true });
  }

  #tryEnter(): boolean {
    if (this.#inside++ === 0) writeSync(this.#flag, WRITING, 0, 1, 0);
    let isFree = false;
    try {
      isFree = readdirSync(this.#tickets).every((ticket) => this.#isOver(ticket));
    } finally {
      // Also when the tickets cannot be read: a flag that stays up would keep everybody from opening.
      if (!isFree) this.leave();
    }
    return isFree;
  }

  /** Its own are of openings that have ended: they block the event loop. */
  #isOver(ticket: string): boolean {
    if (ticket !== OWN && isAliveAs(ticket)) return false;
    rmSync(join(this.#tickets, ticket), { force: true });
    return true;
  }
}

/** Removes the flags of processes that have ended. */
export function removeDeadFlags(directory: string): void {
  const flags = join(directory, 'writing');
  for (const flag of readdirSync(flags)) if (!isAliveAs(flag)) rmSync(join(flags, flag), { force: true });
}

function isWriting(flag: string): boolean {
  try {
    return readFileSync(flag).equals(WRITING);
  } catch {
    // It has closed the file meanwhile.
    return false;
  }
}

function stuck(message: string): HostTierError {
  return new HostTierError('ERR_HOST_STUCK', message);
}
