import { systemClock } from '@warmline/cache-core';
import type { Clock } from '@warmline/cache-core';
import { positive } from './agent-config-options.ts';
import type { Change, ChangeFeed, ChangeSubscription, ChangeWindow } from './change-feed.ts';
import { guarded } from './guarded.ts';
import { unheardChanges } from './unheard-changes.ts';
import type { WatchEvent } from './watch-event.ts';
import type { WatchRecord } from './watch-record.ts';
import { WatchProgress } from './watch-progress.ts';

/** Options of {@link FeedWatcher}. Durations are milliseconds. */
export interface FeedWatcherOptions {
  readonly feed: ChangeFeed;
  readonly record: WatchRecord;
  /** Applies commits, oldest first. May be called again with the same ones. What it rejects with is tried again. */
  readonly onChanges: (changes: readonly Change[]) => Promise<void>;
  /** Commits may have been missed: doubts everything. What it rejects with is tried again. */
  readonly onGap: () => Promise<void>;
  /** How often it is proven that the feed is heard. @default 2_000 */
  readonly probeMs?: number;
  /** How long the feed is believed to be heard after a proof. @default 4_000 */
  readonly liveMs?: number;
  /** @default systemClock */
  readonly clock?: Clock;
  readonly onEvent?: (event: WatchEvent) => void;
}

/** A window and who waits until it is applied. */
interface Task {
  readonly window: ChangeWindow;
  readonly applied: PromiseWithResolvers<void>;
}

/** After a window has come while nothing was vouched for, the next probe need not wait its turn. */
const HURRY_MS = 100;
const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;
/** How long `close` waits for others. */
const CLOSE_MS = 2_000;

/**
 * Applies what a feed tells of, and vouches for it. One per machine. Its dead-man switch: the record says for how long the
 * machine hears of commits, and that is extended only by a probe that has come back after all that was heard before it has
 * been applied. A dead watcher, a silent connection or an application that fails all end the same way: `liveMs` after the
 * last proof began nobody on the machine believes in being told.
 */
export class FeedWatcher {
  readonly #options: Required<Omit<FeedWatcherOptions, 'onEvent'>>;
  readonly #onEvent: (event: WatchEvent) => void;
  readonly #subscription: ChangeSubscription;
  readonly #progress: WatchProgress;
  #waiting: Task | undefined;
  #applying: Task | undefined;
  #work: Promise<void>;
  #hasStarted = false;
  /** A window has been applied: what is heard from now on follows on it. */
  #hasJoined = false;
  /** Ends the pause before something is tried again. */
  #resume: (() => void) | undefined;
  #probe: AbortController | undefined;
  #probedMs = Number.NEGATIVE_INFINITY;
  #probeFailed = false;
  #isHurried = false;
  #cancelProbe: (() => void) | undefined;
  #closed = false;

  /** @throws TypeError naming the option, the value and what is allowed. */
  constructor(options: FeedWatcherOptions) {
    const { clock = systemClock, probeMs = 2_000, liveMs = 4_000, onEvent } = options;
    this.#options = {
      ...options,
      clock,
      probeMs: positive('probeMs', probeMs),
      liveMs: positive('liveMs', liveMs),
    };
    if (liveMs <= probeMs) throw new TypeError(`liveMs must be more than probeMs (${probeMs}), got ${liveMs}`);
    this.#onEvent = guarded(onEvent);
    this.#progress = new WatchProgress(options.record, clock, this.#onEvent);
    this.#work = this.#start();
    this.#subscription = options.feed.subscribe({
      onWindow: (window) => this.#hear(window),
      onError: (error) => this.#failed(error),
    });
    void this.#prove();
  }

  /** Ends the subscription, and tells the machine that nobody hears for it any more. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelProbe?.();
    this.#probe?.abort(new Error('the watcher was closed'));
    this.#resume?.();
    const { promise: tooLong, resolve } = Promise.withResolvers<void>();
    const cancel = this.#options.clock.after(CLOSE_MS, resolve);
    await Promise.race([this.#end(), tooLong]);
    cancel();
  }

  async #end(): Promise<void> {
    await this.#subscription.close().catch((error: unknown) => this.#failed(error));
    await this.#work;
    await this.#progress.revoke().catch((error: unknown) => this.#failed(error));
  }

  async #start(): Promise<void> {
    await this.#persist(() => this.#progress.begin());
    this.#hasStarted = true;
    await this.#applyAll();
  }

  #hear(window: ChangeWindow): void {
    if (this.#closed) return;
    // Windows overlap: who waits for the older one waits for this one.
    this.#waiting = { window, applied: this.#waiting?.applied ?? Promise.withResolvers() };
    if (this.#hasStarted && this.#applying === undefined) this.#work = this.#applyAll();
    if (!this.#progress.isLive) this.#hurry();
  }

  async #applyAll(): Promise<void> {
    for (let task = this.#waiting; task !== undefined && !this.#closed; task = this.#waiting) {
      this.#waiting = undefined;
      this.#applying = task;
      const { window } = task;
      await this.#persist(() => this.#apply(window));
      // One that was given up is not applied, and its waiters are not told.
      if (!this.#closed) task.applied.resolve();
    }
    this.#applying = undefined;
  }

  /** The position follows what it stands for: a process that dies in between does it again. */
  async #apply(window: ChangeWindow): Promise<void> {
    const { onChanges, onGap } = this.#options;
    const changes = unheardChanges(window, this.#progress.heard);
    if (changes === 'gap') {
      this.#onEvent({ type: 'watch-gap' });
      await onGap();
    } else if (changes.length > 0) {
      await onChanges(changes);
      this.#onEvent({ type: 'changes', count: changes.length });
    }
    await this.#progress.moveTo(window.changes.at(-1)?.at);
    this.#hasJoined = true;
  }

  /** Tries until it succeeds; meanwhile nothing is vouched for. */
  async #persist(work: () => Promise<void>): Promise<void> {
    for (let delayMs = FIRST_RETRY_MS; !this.#closed; delayMs = Math.min(MAX_RETRY_MS, delayMs * 2)) {
      try {
        return await work();
      } catch (error) {
        this.#failed(error);
        await this.#progress.revoke().catch((failure: unknown) => this.#failed(failure));
        if (!this.#closed) await this.#pause(delayMs);
      }
    }
  }

  async #pause(delayMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#options.clock.after(delayMs, resolve);
    this.#resume = resolve;
    await promise;
    cancel();
  }

  #hurry(): void {
    this.#isHurried = true;
    if (this.#probe === undefined) this.#scheduleProbe();
  }

  #scheduleProbe(): void {
    this.#cancelProbe?.();
    if (this.#closed) return;
    const { clock, probeMs } = this.#options;
    const dueMs = this.#probedMs + (this.#isHurried ? Math.min(HURRY_MS, probeMs) : probeMs);
    this.#cancelProbe = clock.after(Math.max(0, dueMs - clock.now()), () => void this.#prove());
  }

  async #prove(): Promise<void> {
    const { clock, probeMs, liveMs } = this.#options;
    this.#isHurried = false;
    this.#probedMs = clock.now();
    const probe = new AbortController();
    this.#probe = probe;
    const cancel = clock.after(probeMs, () => probe.abort(new Error(`the feed gave no proof within ${probeMs} ms`)));
    try {
      await Promise.race([this.#subscription.probe(probe.signal), aborted(probe.signal)]);
      // What was handed over before must hold before anybody relies on it.
      await Promise.race([(this.#waiting ?? this.#applying)?.applied.promise, aborted(probe.signal)]);
      this.#probeFailed = false;
      if (this.#hasJoined && !this.#closed) await this.#progress.vouch(this.#probedMs + liveMs);
      this.#isHurried = false;
    } catch (error) {
      if (!this.#probeFailed && !this.#closed) this.#failed(error);
      this.#probeFailed = true;
    } finally {
      cancel();
      this.#probe = undefined;
      this.#scheduleProbe();
    }
  }

  #failed(error: unknown): void {
    this.#onEvent({ type: 'watch-error', error });
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  const end = (): void => reject(signal.reason);
  if (signal.aborted) end();
  else signal.addEventListener('abort', end, { once: true });
  return promise;
}
