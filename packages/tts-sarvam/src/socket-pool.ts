// Longer than most: the states of a socket and the moves between them are one table; timers, waiters and counts have files of their own.
import { Closer } from './closer.ts';
import { connectWithin } from './connect-within.ts';
import type { Connect } from './connect-within.ts';
import { guarded, messageOf } from './events.ts';
import type { CloseReason, PoolEvent } from './events.ts';
import { watchIdle } from './idle-watch.ts';
import { PermitDemand } from './permit-demand.ts';
import { PoolMeter } from './pool-meter.ts';
import { PoolError, resolvePoolOptions } from './pool-options.ts';
import type { PoolStats, ResolvedPoolOptions, SocketPoolOptions } from './pool-options.ts';
import { WaiterLine } from './waiter-line.ts';
import type { Waiter } from './waiter-line.ts';
import { withPermits } from './with-permits.ts';

interface Entry<C, T> {
  readonly connection: C;
  readonly target: T;
  readonly openedAt: number;
  uses: number;
  retired: boolean;
  /** Stops the timers of an idle connection; `undefined` while it is in use. */
  stopIdling: (() => void) | undefined;
}

/**
 * Connections used by one caller at a time and kept open in between. What it keeps, at every step:
 * - `open + connecting + closing <= maxConnections`: a slot is taken before a connect begins, and free again when the
 *   close of its connection is over, for until then the other side counts it;
 * - an idle connection and somebody waiting for its target never exist together: `put` serves the line first;
 * - connects are not tied to who asked first: whatever connection becomes free goes to the first in line that can use
 *   it, and a connect nobody needs any more ends up idle. A connect that fails is told to the one it was begun for,
 *   if still in line, and its slot goes to the next;
 * - the most recently used idle connection is handed out first, so that the others can age and be closed.
 */
export class SocketPool<C, T = void> implements AsyncDisposable {
  readonly #options: ResolvedPoolOptions<C, T>;
  readonly #emit: (event: PoolEvent) => void;
  readonly #entries = new Map<C, Entry<C, T>>();
  /** Most recently used last. */
  readonly #idle: Entry<C, T>[] = [];
  readonly #line: WaiterLine<C, T>;
  readonly #connects = new Set<{ readonly target: T; readonly connect: Connect<C>; stale: boolean }>();
  readonly #closer: Closer<C>;
  readonly #demand: PermitDemand;
  readonly #meter = new PoolMeter();
  #closed = false;

  /** @throws TypeError for an option out of range */
  constructor(options: SocketPoolOptions<C, T>) {
    const resolved = resolvePoolOptions(options);
    this.#emit = guarded(resolved.onEvent);
    this.#options = withPermits(resolved, this.#emit);
    this.#demand = new PermitDemand(resolved, this.#emit);
    this.#line = new WaiterLine(this.#options.clock);
    this.#closer = new Closer(this.#options.closeCb, {
      onFailure: (error) => this.#emit({ type: 'close-failed', message: messageOf(error) }),
      onClosed: () => this.#fillSlots(),
    });
  }

  /** The cap. */
  get maxConnections(): number {
    return this.#options.maxConnections;
  }

  /**
   * A live connection to `target`, the caller's alone until `put` or `remove`.
   * Rejects with {@link PoolError} after `timeoutMs` (default: no limit) or when the pool is closed, with the signal's
   * reason when it aborts, and with the error of the connect begun for this call.
   */
  async get(target: T, { timeoutMs, signal }: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<C> {
    if (this.#closed) throw new PoolError('ERR_POOL_CLOSED', 'the pool is closed');
    signal?.throwIfAborted();
    const since = this.#options.clock.now();
    for (const entry of this.#idle.toReversed()) {
      if (!this.#options.sameTarget(entry.target, target)) continue;
      const fault = this.#faultOf(entry);
      if (fault === undefined) return this.#handOut(entry, since);
      this.#drop(entry, fault);
    }
    const connection = this.#line.join(target, timeoutMs, signal);
    this.#fillSlots();
    return connection;
  }

  /** Takes a connection back for the next caller. Ignores one that is not checked out. */
  put(connection: C): void {
    const entry = this.#entries.get(connection);
    if (entry === undefined || entry.stopIdling !== undefined) return;
    const fault = this.#faultOf(entry);
    if (fault !== undefined) this.#drop(entry, fault);
    else this.#offer(entry);
  }

  /** Closes a connection, checked out or idle. Ignores one that is not of this pool. */
  remove(connection: C): void {
    const entry = this.#entries.get(connection);
    if (entry !== undefined) this.#drop(entry, entry.stopIdling === undefined ? 'removed' : 'dead');
  }

  /** Closes what is idle now, and what is in use or being opened as soon as it comes back. */
  invalidate(): void {
    for (const connect of this.#connects) connect.stale = true;
    for (const entry of this.#entries.values()) {
      entry.retired = true;
      if (entry.stopIdling !== undefined) this.#drop(entry, 'invalidated');
    }
  }

  /** Opens connections until `count` to the target are idle or being opened, as far as the cap allows. Never rejects. */
  async prewarm(target: T, count = 1): Promise<void> {
    const same = (other: { readonly target: T }): boolean => this.#options.sameTarget(other.target, target);
    const missing = count - this.#idle.filter(same).length - [...this.#connects].filter(same).length;
    if (this.#closed) return;
    await Promise.all(
      Array.from({ length: Math.max(0, Math.min(missing, this.#freeSlots)) }, () => this.#connect(target)),
    );
  }

  /** Lends a connection to `use`: taken back when it resolves, closed when it rejects or the signal aborts. Rejects as `get` and `use` do. */
  async withConnection<R>(
    target: T,
    use: (connection: C) => Promise<R>,
    options: { timeoutMs?: number; signal?: AbortSignal } = {},
  ): Promise<R> {
    const connection = await this.get(target, options);
    const abort = (): void => this.remove(connection);
    options.signal?.addEventListener('abort', abort, { once: true });
    try {
      const result = await use(connection);
      this.put(connection);
      return result;
    } catch (error) {
      this.remove(connection);
      throw error;
    } finally {
      options.signal?.removeEventListener('abort', abort);
    }
  }

  /** Ends everything: waiters are rejected, connects aborted, all connections closed, those in use too. */
  async close(): Promise<void> {
    this.#closed = true;
    const closed = new PoolError('ERR_POOL_CLOSED', 'the pool was closed');
    this.#line.rejectAll(closed);
    for (const { connect } of this.#connects) connect.giveUp(closed);
    for (const entry of this.#entries.values()) this.#drop(entry, 'close');
    await this.#closer.finished();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  stats(): PoolStats {
    return {
      open: this.#entries.size,
      idle: this.#idle.length,
      inUse: this.#entries.size - this.#idle.length,
      connecting: this.#connects.size,
      closing: this.#closer.size,
      waiting: this.#line.size,
      ...this.#meter,
    };
  }

  get #freeSlots(): number {
    return this.#options.maxConnections - this.#entries.size - this.#connects.size - this.#closer.size;
  }

  /** Begins a connect for each in line that no connect under way will serve, as far as there are slots. */
  #fillSlots(): void {
    const underWay = [...this.#connects].filter(({ stale }) => !stale);
    for (const waiter of this.#line) {
      const serving = underWay.findIndex(({ target }) => this.#options.sameTarget(target, waiter.target));
      if (serving >= 0) {
        underWay.splice(serving, 1);
      } else if (this.#freeSlots > 0) {
        void this.#connect(waiter.target, waiter);
      } else {
        // Nobody waits for where an idle one leads. When it is gone, or another that is being closed, we are called again.
        const oldest = this.#idle[0];
        if (oldest !== undefined && this.#closer.size === 0) this.#drop(oldest, 'room');
        return;
      }
    }
  }

  /** Opens a connection and gives it to the line. Never rejects. */
  async #connect(target: T, waiter?: Waiter<C, T>): Promise<void> {
    const { clock, connectTimeoutMs, connectCb } = this.#options;
    const startedAt = clock.now();
    const open = (signal: AbortSignal): Promise<C> => connectCb(connectTimeoutMs, target, signal);
    const connect = connectWithin(clock, connectTimeoutMs, open, (late) => this.#closer.close(late));
    const underWay = { target, connect, stale: false };
    this.#connects.add(underWay);
    let connection: C;
    try {
      connection = await connect.connection;
    } catch (error) {
      this.#connects.delete(underWay);
      // Without a permit nothing was tried, and that is an event of its own.
      if (!(error instanceof PoolError && error.code === 'ERR_POOL_NO_PERMIT')) {
        this.#meter.refused += 1;
        this.#emit({ type: 'connect-failed', message: messageOf(error) });
      }
      if (waiter !== undefined) this.#line.reject(waiter, error);
      this.#fillSlots();
      return;
    }
    this.#connects.delete(underWay);
    const openedAt = clock.now();
    const retired = underWay.stale;
    this.#entries.set(connection, { connection, target, openedAt, uses: 0, retired, stopIdling: undefined });
    this.#meter.noteConnect(openedAt - startedAt);
    this.#emit({ type: 'connection-opened', connectMs: openedAt - startedAt });
    this.put(connection);
  }

  /** Gives a free connection to the first in line that can use it, else its permit to who wants it, else lets it idle. */
  #offer(entry: Entry<C, T>): void {
    const waiter = [...this.#line].find(({ target }) => this.#options.sameTarget(target, entry.target));
    if (waiter !== undefined) {
      waiter.resolve(this.#handOut(entry, waiter.since));
      return;
    }
    if (this.#isWanted()) return this.#drop(entry, 'wanted');
    const { clock, pingIntervalMs, idleTimeoutMs: timeoutMs } = this.#options;
    const expire = (): void => this.#drop(entry, 'idle');
    const stopWatch = watchIdle(clock, { pingIntervalMs, timeoutMs }, () => this.#ping(entry), expire);
    const stopDemand = this.#demand.watch(() => {
      if (this.#isWanted()) this.#drop(entry, 'wanted');
    });
    entry.stopIdling = () => {
      stopWatch();
      stopDemand();
    };
    this.#idle.push(entry);
    this.#options.idleCb(entry.connection, true);
    this.#fillSlots();
  }

  /** Whether an idle connection is to make way for one elsewhere. Connects of ours that nobody waits for must not close it. */
  #isWanted(): boolean {
    const onlyWarming = this.#connects.size > 0 && this.#line.size === 0;
    return !onlyWarming && this.#demand.isWanted();
  }

  #ping(entry: Entry<C, T>): void {
    const fault = this.#faultOf(entry);
    if (fault === undefined) this.#options.pingCb(entry.connection);
    else this.#drop(entry, fault);
  }

  #handOut(entry: Entry<C, T>, since: number): C {
    const reused = entry.uses > 0 || entry.stopIdling !== undefined;
    this.#meter.noteAcquire(this.#options.clock.now() - since, reused);
    this.#stopIdling(entry);
    entry.uses += 1;
    return entry.connection;
  }

  #stopIdling(entry: Entry<C, T>): void {
    if (entry.stopIdling === undefined) return;
    entry.stopIdling();
    entry.stopIdling = undefined;
    this.#idle.splice(this.#idle.indexOf(entry), 1);
    this.#options.idleCb(entry.connection, false);
  }

  /** Why a connection may not be handed out again; `undefined` if it may. */
  #faultOf(entry: Entry<C, T>): CloseReason | undefined {
    if (this.#closed) return 'close';
    if (entry.retired) return 'invalidated';
    if (!this.#options.isAlive(entry.connection)) return 'dead';
    if (entry.uses >= this.#options.maxUses) return 'uses';
    if (this.#options.clock.now() - entry.openedAt >= this.#options.maxSessionDurationMs) return 'age';
    return undefined;
  }

  #drop(entry: Entry<C, T>, reason: CloseReason): void {
    this.#stopIdling(entry);
    if (!this.#entries.delete(entry.connection)) return;
    this.#meter.evicted += 1;
    this.#emit({ type: 'connection-closed', reason, uses: entry.uses });
    this.#closer.close(entry.connection);
  }
}
