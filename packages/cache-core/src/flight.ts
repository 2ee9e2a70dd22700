import type { Clock } from './contracts/clock.ts';
import type { EntryRef } from './contracts/invalidation.ts';
import { CacheError } from './errors.ts';

/** A value that may be served in place of one that is late or could not be loaded. Times are of the cache's clock. */
export interface Fallback<V> {
  readonly value: V | undefined;
  /** When it was read from its source. */
  readonly originMs: number;
  readonly loadCostMs: number;
  /** Before, it may be served while the loader takes its time; after, only if the loader fails. */
  readonly staleUntilMs: number;
  /** From here it is of no use. */
  readonly goneAtMs: number;
}

/** Told when callers of a flight are served its fallback; `error` is why, `undefined` when the soft timeout is over. */
export type OnFallback<V> = (fallback: Fallback<V>, error: unknown, flight: Flight<V>) => void;

/** How a flight runs and what its callers are told. */
export interface FlightPlan<V> {
  readonly key: string;
  readonly ref: EntryRef;
  readonly softTimeoutMs: number;
  readonly hardTimeoutMs: number;
  /** Nobody waits for it, so nobody's leaving ends it. */
  readonly background: boolean;
  readonly run: (flight: Flight<V>) => Promise<V | undefined>;
}

/** A load that no caller has limited blocks its key this long at most. */
const KEY_BLOCKED_MS = 60_000;

/** One load under way. */
export class Flight<V> {
  readonly key: string;
  readonly ref: EntryRef;
  readonly background: boolean;
  /** What callers get: the loaded value, or the fallback when that is due. */
  readonly answer: Promise<V | undefined>;
  /** The loaded value and nothing else. */
  readonly fresh: Promise<V | undefined>;
  readonly abort: AbortController = new AbortController();
  /** What has overtaken it: its result is not stored. */
  overtakenBy: 'invalidation' | 'load' | undefined;
  /** Callers who need the result. */
  waiting: number;
  /** Those of them whose deadline is over. */
  late = 0;
  fallback: Fallback<V> | undefined;
  /** Whether callers have been given the fallback. */
  served = false;
  /** Its loader has failed, or has run into its hard timeout. */
  failed = false;
  /** Its loader was not asked, because it failed a short time ago. */
  resting = false;
  #answered = false;
  #detached = false;
  #onDetached: (() => void) | undefined;
  readonly #answer = Promise.withResolvers<V | undefined>();
  readonly #fresh = Promise.withResolvers<V | undefined>();
  readonly #plan: FlightPlan<V>;
  readonly #clock: Clock;
  readonly #onFallback: OnFallback<V>;
  #cancelSoft: (() => void) | undefined;
  #cancelHard: (() => void) | undefined;

  constructor(plan: FlightPlan<V>, clock: Clock, onFallback: OnFallback<V>) {
    this.key = plan.key;
    this.ref = plan.ref;
    this.background = plan.background;
    this.waiting = plan.background ? 1 : 0;
    this.#plan = plan;
    this.#clock = clock;
    this.#onFallback = onFallback;
    this.answer = this.#answer.promise;
    this.fresh = this.#fresh.promise;
    // A refresh that fails while nobody waits is an event, not an unhandled rejection.
    this.answer.catch(ignore);
    this.fresh.catch(ignore);
  }

  /** A stale value has been found: it is served when the soft timeout is over, or when the load fails. */
  offer(fallback: Fallback<V>): void {
    if (this.#answered) return;
    this.fallback = fallback;
    const { softTimeoutMs } = this.#plan;
    if (softTimeoutMs === 0) this.#fallBackIfStale();
    else if (softTimeoutMs < Number.POSITIVE_INFINITY) {
      this.#cancelSoft ??= this.#clock.after(softTimeoutMs, () => this.#fallBackIfStale());
    }
  }

  /**
   * The loader starts now: from here its hard timeout counts. `onTimeout` is called when it is over, with the error that the
   * callers get; without one when nobody has limited their wait, and only the key is to be free again.
   */
  startLoader(onTimeout: (error: CacheError | undefined) => void): void {
    const { hardTimeoutMs } = this.#plan;
    const unlimited = hardTimeoutMs === Number.POSITIVE_INFINITY;
    this.#cancelHard = this.#clock.after(unlimited ? KEY_BLOCKED_MS : hardTimeoutMs, () => {
      const message = `the loader has not answered within ${hardTimeoutMs} ms`;
      const error = unlimited ? undefined : new CacheError('ERR_CACHE_LOAD_TIMEOUT', message);
      onTimeout(error);
      if (error !== undefined) this.reject(error);
    });
  }

  resolve(value: V | undefined): void {
    this.#end();
    this.#answered = true;
    this.#fresh.resolve(value);
    this.#answer.resolve(value);
  }

  /** A load that failed: callers get the fallback if there is one that is not too old. */
  reject(error: unknown): void {
    this.#end();
    this.#fresh.reject(error);
    if (this.#answered) return;
    const { fallback } = this;
    if (fallback !== undefined && this.#clock.now() < fallback.goneAtMs) this.#fallBack(fallback, error);
    else this.#answer.reject(error);
    this.#answered = true;
  }

  /** Tells the loader that its result is no longer needed. A loader that never settles must leave nothing behind. */
  stop(reason: unknown): void {
    this.#end();
    this.abort.abort(reason);
  }

  /** Nobody can join it any more. */
  detach(): void {
    this.#detached = true;
    this.#onDetached?.();
    this.#onDetached = undefined;
  }

  /** Runs when nobody can join any more; at once if that is so already. */
  whenDetached(run: () => void): void {
    if (this.#detached) run();
    else this.#onDetached = run;
  }

  #fallBackIfStale(): void {
    const { fallback } = this;
    if (this.#answered || fallback === undefined || this.#clock.now() >= fallback.staleUntilMs) return;
    this.#fallBack(fallback, undefined);
  }

  #fallBack(fallback: Fallback<V>, error: unknown): void {
    this.#answered = true;
    this.served = true;
    this.#onFallback(fallback, error, this);
    this.#answer.resolve(fallback.value);
  }

  #end(): void {
    this.#cancelSoft?.();
    this.#cancelHard?.();
  }
}

function ignore(): void {}
