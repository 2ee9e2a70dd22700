import { randomBytes } from 'node:crypto';
import { systemClock } from '@warmline/cache-core';
import { runScript } from '../scripts.ts';
import { faultOf } from './fault.ts';
import type { CacheFault } from './fault.ts';
import type { Gate } from './gate.ts';
import { RENEW, UNLOCK } from './lock-scripts.ts';

const TOKEN_BYTES = 16;
/** It is prolonged after a third of its time, and tried again after a fifteenth. */
const RENEWS = 3;
const RETRIES = 15;
/** Clocks of two machines do not run at quite the same rate (the figures of the Redlock algorithm). */
const DRIFT = 0.01;
const DRIFT_MS = 2;

/** @see RedisCache.lock */
export interface RedisLockOptions {
  /** Seconds after which it ends if its holder is gone; while that lives, it is prolonged. @default 30 */
  readonly ttl?: number;
}

/** @see RedisLock */
export interface RedisLockCall {
  readonly gate: Gate;
  /** In Redis. */
  readonly name: string;
  readonly ttlMs: number;
  readonly onFault: (fault: CacheFault) => void;
}

/** The reason of a lock's `signal`: it has ended, or another may have it. */
export class LockLostError extends Error {
  override readonly name = 'LockLostError';
  readonly code = 'ERR_REDIS_LOCK_LOST';
}

/**
 * A lock that is held, by `RedisCache.lock`. It prolongs itself for as long as Redis answers, and ends by itself when this process
 * does not: then `isHeld` is false before Redis gives it to another, by the clock of this process. `await using` releases it.
 *
 * What it cannot do: a process that is suspended between a look at `isHeld` and its next step may act too late, and a fail-over
 * can lose a lock, because Redis replicates later than it answers. Do not let more than work depend on it.
 */
export class RedisLock implements AsyncDisposable {
  readonly #call: RedisLockCall;
  readonly #token: Buffer;
  readonly #lost = new AbortController();
  #validUntilMs: number;
  #released = false;
  #cancelRenewal: () => void = () => {};
  #cancelEnd: () => void = () => {};

  private constructor(call: RedisLockCall, token: Buffer, askedMs: number) {
    this.#call = call;
    this.#token = token;
    this.#validUntilMs = this.#prolongedFrom(askedMs);
    this.#renewAfter(call.ttlMs / RENEWS);
  }

  /** @internal @returns `undefined` when another holds it. @throws CacheFault */
  static async take(call: RedisLockCall): Promise<RedisLock | undefined> {
    const { gate, name, ttlMs } = call;
    const token = randomBytes(TOKEN_BYTES);
    const askedMs = systemClock.now();
    try {
      const answer = await gate.run({
        isProbe: false,
        work: (link) => link.call('SET', [name, token, 'NX', 'PX', ttlMs]),
      });
      return answer === null ? undefined : new RedisLock(call, token, askedMs);
    } catch (error) {
      // It may be given after all, to nobody: what was sent after it takes it back.
      if (faultOf(error).fault === 'timeout') unlock(call, token).catch(() => {});
      throw error;
    }
  }

  /** Whether it is this process's own now. */
  get isHeld(): boolean {
    return !this.#released && !this.#lost.signal.aborted && systemClock.now() < this.#validUntilMs;
  }

  /** Aborts with a {@link LockLostError} when the lock ends without `release()`. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** @returns whether it was still held; false also when Redis did not answer, where it ends by itself. A second call is false. */
  async release(): Promise<boolean> {
    if (this.#released) return false;
    this.#released = true;
    this.#stop();
    try {
      return (await unlock(this.#call, this.#token)) === 1;
    } catch (error) {
      this.#call.onFault(faultOf(error));
      return false;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  async #renew(): Promise<void> {
    const { gate, name, ttlMs } = this.#call;
    const askedMs = systemClock.now();
    try {
      const work = gate.run({
        whenLeftOut: 'wait',
        work: (link) => runScript(link, RENEW, [name], [this.#token, ttlMs]),
      });
      const isOwn = (await work) === 1;
      if (this.#released || this.#lost.signal.aborted) return;
      if (!isOwn) return this.#lose('it has expired or was removed');
      this.#validUntilMs = this.#prolongedFrom(askedMs);
      this.#renewAfter(ttlMs / RENEWS);
    } catch {
      // The end of its time is told by its own timer.
      if (!this.#released) this.#renewAfter(ttlMs / RETRIES);
    }
  }

  #renewAfter(ms: number): void {
    if (!this.#lost.signal.aborted) this.#cancelRenewal = systemClock.after(ms, () => void this.#renew());
  }

  /** Counted from before Redis was asked. */
  #prolongedFrom(askedMs: number): number {
    const { ttlMs } = this.#call;
    const validUntilMs = askedMs + ttlMs * (1 - DRIFT) - DRIFT_MS;
    this.#cancelEnd();
    this.#cancelEnd = systemClock.after(Math.max(0, validUntilMs - systemClock.now()), () =>
      this.#lose('it could not be prolonged in time'),
    );
    return validUntilMs;
  }

  #lose(why: string): void {
    this.#stop();
    this.#lost.abort(new LockLostError(`the lock is lost: ${why}`));
    // What a late renewal may have prolonged is of no use to anybody.
    unlock(this.#call, this.#token).catch(() => {});
  }

  #stop(): void {
    this.#cancelRenewal();
    this.#cancelEnd();
  }
}

function unlock({ gate, name }: RedisLockCall, token: Buffer): Promise<unknown> {
  return gate.run({ whenLeftOut: 'wait', work: (link) => runScript(link, UNLOCK, [name], [token]) });
}
