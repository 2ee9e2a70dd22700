import { systemClock } from '@warmline/cache-core';
import type { RedisConnection } from '../connection.ts';
import { KeepAlive } from '../clock.ts';
import type { Link } from '../link.ts';
import { Breaker } from './breaker.ts';
import { CacheFault, faultOf } from './fault.ts';
import { Room } from './room.ts';

/** One call of Redis, of one or several commands. */
export interface GateCall<T> {
  readonly work: (link: Link) => Promise<T>;
  /** Goes over the connection for large values, so that it does not hold up the others. @default false */
  readonly isLarge?: boolean;
  /** What is written; it waits its turn. @default 0 */
  readonly bytes?: number;
  /**
   * While the breaker is open: `skip` it, `send` it without waiting (a deletion left out would let an old value be read later),
   * or `wait` for it all the same. @default 'skip'
   */
  readonly whenLeftOut?: 'skip' | 'send' | 'wait';
  /** Whether it may be sent only to see if Redis answers again. @default true */
  readonly isProbe?: boolean;
}

/** A connection with what is known about it. */
interface Line {
  readonly link: Link;
  readonly breaker: Breaker;
  readonly room: Room;
}

/** A timer that fires this much late shows that this process was busy: the answer may be waiting in its own queue. */
const STALL_MS = 5;
/** What part of its time a call must have had for Redis to be blamed: not have waited here before, nor this process been so busy. */
const FAIR_PART = 0.5;

/**
 * The one way to Redis: nobody waits longer than `timeoutMs` (and what the event loop is late), whatever state Redis is in. Without
 * a connection a call fails at once, except while the very first one is being made; a Redis that does not answer is left out after
 * three calls. A call that is awaited keeps the process alive, and nothing else does.
 *
 * Calls of one connection reach Redis in the order they were made, also those that nobody waits for any more: a deletion after a
 * write that timed out removes what that write may still store. That is why a category of keys never goes back from the large
 * connection to the other.
 */
export class Gate {
  readonly #connection: RedisConnection;
  readonly #timeoutMs: number;
  readonly #keepAlive = new KeepAlive();
  readonly #small = { breaker: new Breaker(), room: new Room() };
  readonly #large = { breaker: new Breaker(), room: new Room() };
  #tried = false;
  #hasAnswered = false;

  constructor(connection: RedisConnection, timeoutMs: number) {
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
    void connection.tried.then(() => (this.#tried = true));
  }

  /** Whether Redis is connected and answers in time. */
  get isOpen(): boolean {
    return this.#connection.isConnected && !this.#small.breaker.isOpen;
  }

  /** Whether Redis has ever done what it was asked. */
  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  /** @throws CacheFault for whatever goes wrong. */
  async run<T>(call: GateCall<T>): Promise<T> {
    this.#keepAlive.enter();
    try {
      return await this.#admitted(call);
    } catch (error) {
      throw faultOf(error);
    } finally {
      this.#keepAlive.leave();
    }
  }

  close(): void {
    this.#keepAlive.close();
  }

  async #admitted<T>(call: GateCall<T>): Promise<T> {
    const line = this.#line(call.isLarge ?? false);
    // Its failures of before say nothing about how it will be when it is back.
    if (!line.link.isUp) line.breaker.reset();
    const admission = call.isProbe === false && line.breaker.isOpen ? 'skip' : line.breaker.admit(systemClock.now());
    if (admission === 'call' || (admission === 'skip' && call.whenLeftOut === 'wait'))
      return this.#bounded(line, call, false);
    if (admission === 'probe' || call.whenLeftOut === 'send') {
      // Reported to the breaker; there is nobody else to tell.
      this.#bounded(line, call, admission === 'probe').catch(() => {});
    }
    throw new CacheFault('left-out');
  }

  async #bounded<T>(line: Line, call: GateCall<T>, isProbe: boolean): Promise<T> {
    const limit = startLimit(this.#timeoutMs);
    const report = (ok: boolean): void => line.breaker.report(ok, isProbe, systemClock.now());
    try {
      const answer = await Promise.race([this.#send(line, call, limit), limit.over]);
      report(true);
      this.#hasAnswered = true;
      return answer;
    } catch (error) {
      const fault = faultOf(error);
      // What Redis refuses it has answered; and it is not to blame for what waited here, or for a busy process.
      const lostMs = Math.max(limit.sentMs - limit.startedMs, limit.lateMs);
      const isLate = fault.fault === 'timeout' && lostMs < FAIR_PART * this.#timeoutMs;
      if (!fault.isNoAnswer) report(true);
      else if (isProbe || isLate) report(false);
      throw fault;
    } finally {
      limit.cancel();
    }
  }

  async #send<T>(line: Line, { work, bytes = 0 }: GateCall<T>, limit: Limit): Promise<T> {
    if (!this.#tried && !line.link.isUp) await this.#connection.tried;
    if (bytes > 0) await line.room.enter(bytes);
    try {
      // Nobody waits for it any more, and its caller was told that it failed.
      if (limit.isOver) throw new CacheFault('timeout');
      limit.sentMs = systemClock.now();
      return await work(line.link);
    } finally {
      if (bytes > 0) line.room.leave(bytes);
    }
  }

  #line(isLarge: boolean): Line {
    const { commands } = this.#connection;
    if (!isLarge) return { link: commands, ...this.#small };
    const { bulk } = this.#connection;
    return { link: bulk.isUp ? bulk : commands, ...this.#large };
  }
}

/** The time that a call has. */
interface Limit {
  readonly startedMs: number;
  sentMs: number;
  isOver: boolean;
  /** How late its end was noticed. */
  lateMs: number;
  /** Rejects when it is over. */
  readonly over: Promise<never>;
  cancel(): void;
}

/** If its end is noticed late, the event loop gets one round more to deliver an answer that is there. */
function startLimit(timeoutMs: number): Limit {
  const { promise: over, reject } = Promise.withResolvers<never>();
  const startedMs = systemClock.now();
  const end = (): void => {
    limit.isOver = true;
    reject(new CacheFault('timeout'));
  };
  let cancel = systemClock.after(timeoutMs, () => {
    limit.lateMs = systemClock.now() - startedMs - timeoutMs;
    if (limit.lateMs > STALL_MS) cancel = systemClock.after(1, end);
    else end();
  });
  const limit: Limit = {
    startedMs,
    sentMs: Number.POSITIVE_INFINITY,
    isOver: false,
    lateMs: 0,
    over,
    cancel: () => cancel(),
  };
  return limit;
}
