import type { Bus } from './contracts/bus.ts';
import type { Clock } from './contracts/clock.ts';
import type { CacheEvent } from './contracts/events.ts';
import type { Invalidation } from './contracts/invalidation.ts';
import type { Journal } from './contracts/journal.ts';
import { EVERY_MUTABLE_NAMESPACE } from './contracts/invalidation.ts';
import { systemClock } from './clock.ts';
import { guarded } from './listener.ts';
import { positive } from './policy.ts';
import { randomBits } from './random.ts';

/** What a pump fills: the tier that keeps a machine's journal, or one cache of a process without such a tier. */
export interface PumpTarget {
  /** @param position where the bus stands after it, to be kept together with what it does. */
  invalidate(invalidation: Invalidation, position?: string): Promise<void>;
  /** Where the bus stood after what was applied last, by whatever pump. @default none is kept */
  position?(): string | undefined;
  readonly journal?: Journal;
  /** Whose messages it has applied already. */
  readonly origin?: string;
  stayLive?(forMs: number, position?: string): Promise<void>;
}

/** Options of {@link Pump}. Durations are milliseconds. */
export interface PumpOptions {
  readonly bus: Bus;
  readonly target: PumpTarget;
  /** Messages of this origin have been applied already. @default the target's own */
  readonly origin?: string | undefined;
  /** How often the pump proves that it hears: it publishes a message and waits for it to come back. @default 1000 */
  readonly heartbeatMs?: number;
  /** How long the target is believed to hear after a proof. @default 5000 */
  readonly liveMs?: number;
  /** @default systemClock */
  readonly clock?: Clock;
  readonly onEvent?: (event: CacheEvent) => void;
}

/** How long a target is believed to hear after a proof. */
const LIVE_MS = 5000;
/** The namespace of messages that only prove that the bus works; no cache has it, because it has no separator. */
const HEARTBEAT = '~heartbeat';
/** Between two looks whether a bus that was away is back. */
const LOOK_MS = 20;
/** Messages that wait to be applied. */
const MAX_QUEUED = 1_000;
/** How long `close` waits for a bus or a target that does not answer. */
const CLOSE_MS = 5_000;
const GAP: Invalidation = Object.freeze({ kind: 'namespace', namespace: EVERY_MUTABLE_NAMESPACE });

/**
 * Carries the bus into a machine's journal, in order. One per machine. Its dead-man switch: the target's `liveUntil` is
 * extended only when a message of its own has gone out, come back and been applied, so that a dead pump, a half-open
 * connection or a bus that takes no writes all end the same way: after `liveMs` nobody on the machine trusts what it holds.
 */
export class Pump {
  readonly #options: Required<Omit<PumpOptions, 'origin' | 'onEvent'>> & PumpOptions;
  readonly #id = randomBits().toString(36);
  /** Messages are applied one after the other. */
  #applied: Promise<void> = Promise.resolve();
  #unsubscribe: (() => Promise<void>) | undefined;
  #cancelBeat: (() => void) | undefined;
  /** Ends the pause before a message is applied again. */
  #resume: (() => void) | undefined;
  #tried = false;
  #queued = 0;
  #overflowed = false;
  #closed = false;

  constructor(options: PumpOptions) {
    const { heartbeatMs = 1000, liveMs = LIVE_MS, clock = systemClock, onEvent } = options;
    this.#options = {
      ...options,
      heartbeatMs: positive('heartbeatMs', heartbeatMs),
      liveMs: positive('liveMs', liveMs),
      clock,
      ...(onEvent && { onEvent: guarded(onEvent) }),
    };
    void this.#start();
  }

  /** Ends the subscription, and waits for what is being applied. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelBeat?.();
    this.#resume?.();
    const { promise: tooLong, resolve } = Promise.withResolvers<void>();
    const cancel = this.#options.clock.after(CLOSE_MS, resolve);
    await Promise.race([this.#end(), tooLong]);
    cancel();
  }

  async #end(): Promise<void> {
    try {
      await this.#unsubscribe?.();
    } catch (error) {
      this.#failed('subscribe', error);
    }
    await this.#applied;
  }

  async #start(): Promise<void> {
    const { bus, heartbeatMs, clock, target, liveMs } = this.#options;
    try {
      // A target that never had a pump is trusted for as long as after a proof, once: not again at every attempt.
      if (!this.#tried && target.journal?.liveUntil?.() === undefined)
        this.#enqueue(async () => target.stayLive?.(liveMs));
      this.#tried = true;
      const from = target.position?.();
      this.#unsubscribe = await bus.subscribe(
        (...message) => this.#hear(...message),
        () => this.#gap(),
        from,
      );
      // Nothing was heard before the subscription stood, unless the bus is read on from where another pump has left it.
      if (from === undefined) this.#gap();
    } catch (error) {
      this.#failed('subscribe', error);
      if (!this.#closed) this.#cancelBeat = clock.after(heartbeatMs, () => void this.#start());
      return;
    }
    if (this.#closed) await this.close();
    else void this.#beat();
  }

  #hear(invalidation: Invalidation, position?: string): void {
    if (!isInvalidation(invalidation)) this.#gap();
    // Too far behind to keep everything: what was missed is doubted when the rest has been applied, and nothing proved till then.
    else if (this.#overflowed || this.#queued >= MAX_QUEUED) this.#overflowed = true;
    else this.#enqueue(() => this.#take(invalidation, position));
  }

  async #beat(): Promise<void> {
    const { bus, clock, heartbeatMs } = this.#options;
    // As soon as it is back: until a proof has come, the machine trusts nothing.
    const isAway = bus.isAvailable === false;
    this.#cancelBeat = clock.after(isAway ? Math.min(LOOK_MS, heartbeatMs) : heartbeatMs, () => void this.#beat());
    if (isAway) return;
    try {
      await bus.publish({ kind: 'keys', namespace: HEARTBEAT, keys: [this.#id, String(clock.now())] });
    } catch (error) {
      this.#failed('publish', error);
    }
  }

  async #take(invalidation: Invalidation, position?: string): Promise<void> {
    const { target, liveMs, clock } = this.#options;
    const origin = this.#options.origin ?? target.origin;
    if (invalidation.namespace === HEARTBEAT) {
      const [id, sentMs] = invalidation.kind === 'keys' ? invalidation.keys : [];
      // It proves that what was published until it was sent has been heard, and no more.
      const forMs = Number(sentMs) + liveMs - clock.now();
      if (id === this.#id && forMs > 0) await target.stayLive?.(forMs, position);
    } else if (origin === undefined || invalidation.origin !== origin) {
      await target.invalidate(invalidation, position);
    }
  }

  #gap(): void {
    this.#options.onEvent?.({ type: 'gap' });
    this.#enqueue(() => this.#options.target.invalidate(GAP));
  }

  #enqueue(work: () => Promise<void>): void {
    this.#queued++;
    this.#applied = this.#applied.then(async () => {
      await this.#persist(work);
      this.#queued--;
      if (this.#queued > 0 || !this.#overflowed) return;
      this.#overflowed = false;
      this.#gap();
    });
  }

  /** A message that cannot be applied is tried until it can; meanwhile no proof is accepted, as it stands behind it. */
  async #persist(work: () => Promise<void>): Promise<void> {
    while (!this.#closed) {
      try {
        return await work();
      } catch (error) {
        this.#failed('subscribe', error);
        if (!this.#closed) await this.#pause();
      }
    }
  }

  async #pause(): Promise<void> {
    const { clock, heartbeatMs } = this.#options;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = clock.after(heartbeatMs, resolve);
    this.#resume = resolve;
    await promise;
    cancel();
  }

  #failed(operation: 'publish' | 'subscribe', error: unknown): void {
    this.#options.onEvent?.({ type: 'bus-error', operation, error });
  }
}

/** Whether a message can be understood: other programs, and later versions, may write to the same bus. */
function isInvalidation(message: Invalidation): boolean {
  if (typeof message?.namespace !== 'string') return false;
  switch (message.kind) {
    case 'keys':
      return Array.isArray(message.keys);
    case 'tags':
      return Array.isArray(message.tags);
    case 'namespace':
      return true;
    default:
      return false;
  }
}
