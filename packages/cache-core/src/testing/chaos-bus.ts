import { systemClock } from '../clock.ts';
import type { Bus } from '../contracts/bus.ts';
import type { Clock } from '../contracts/clock.ts';
import type { Invalidation } from '../contracts/invalidation.ts';
import type { FailingCallFaults, FaultCounts, RangeMs } from './chaos.ts';
import { Chaos, checkFaults } from './chaos.ts';

/** What may happen to a message on its way to one subscriber; the chances are thrown for each subscriber. */
export interface DeliveryFaults {
  /** Chance that the message does not arrive. */
  readonly loss?: number;
  /** Chance that a loss is followed by a gap, `gapMs` later. @default 1 */
  readonly gap?: number;
  /** @default [1, 50] */
  readonly gapMs?: RangeMs;
  /** Chance that it comes late, and all that follow behind it. */
  readonly delay?: number;
  /** @default [1, 50] */
  readonly delayMs?: RangeMs;
  /** Chance that it comes late and is overtaken by those that follow. */
  readonly reorder?: number;
  /** @default [1, 50] */
  readonly reorderMs?: RangeMs;
  /** Chance that it comes once more, `duplicateMs` later. */
  readonly duplicate?: number;
  /** @default [1, 50] */
  readonly duplicateMs?: RangeMs;
}

/** Options of {@link ChaosBus}. What is not named works. */
export interface ChaosBusOptions {
  /** The same messages in the same order get the same faults for the same seed. */
  readonly seed: number;
  /** For everything that comes later. @default systemClock */
  readonly clock?: Clock;
  readonly publish?: FailingCallFaults;
  readonly subscribe?: FailingCallFaults;
  readonly deliver?: DeliveryFaults;
  /** Told of each fault as it is drawn, e.g. `deliver.loss`. @default none */
  readonly onFault?: (fault: string) => void;
}

/** A bus that loses, delays, reorders, repeats and refuses messages, over one that works. */
export class ChaosBus implements Bus {
  readonly #inner: Bus;
  readonly #options: ChaosBusOptions;
  readonly #clock: Clock;
  readonly #chaos: Chaos;
  #published = 0;
  #delivered = 0;

  /** @throws TypeError for a chance outside 0 to 1 or a range that is none. */
  constructor(inner: Bus, options: ChaosBusOptions) {
    const { publish, subscribe, deliver } = options;
    for (const [operation, faults] of Object.entries({ publish, subscribe, deliver })) checkFaults(operation, faults);
    this.#inner = inner;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#chaos = new Chaos(options.seed, this.#clock, options.onFault);
  }

  /** Injected so far, by `operation.fault`. */
  get faults(): FaultCounts {
    return this.#chaos.counts;
  }

  /** What the faults are a part of: calls of `publish`, and messages on their way to a subscriber (`deliver`). */
  get calls(): FaultCounts {
    return { publish: this.#published, deliver: this.#delivered };
  }

  /** Injects faults, as at the beginning. */
  storm(): void {
    this.#chaos.storm();
  }

  /** Injects no more faults. What hangs or is late stays so. */
  calm(): void {
    this.#chaos.calm();
  }

  /** As `calm`, and calls that hang are carried out now. What is late comes at its time. */
  heal(): void {
    this.#chaos.heal();
  }

  publish(invalidation: Invalidation): Promise<void> {
    this.#published++;
    return this.#chaos.call('publish', this.#options.publish, () => this.#inner.publish(invalidation));
  }

  async subscribe(...[onMessage, onGap, from]: Parameters<Bus['subscribe']>): Promise<() => Promise<void>> {
    const line = new Line(this.#clock, onMessage, onGap);
    let end: (() => Promise<void>) | undefined;
    const subscribe = async (): Promise<void> => {
      end = await this.#inner.subscribe(
        (...message) => this.#deliver(line, message),
        () => line.gap(),
        from,
      );
    };
    const unsubscribe = async (): Promise<void> => {
      line.close();
      await end?.();
    };
    try {
      await this.#chaos.call('subscribe', this.#options.subscribe, subscribe);
    } catch (error) {
      // A subscription that was made although the call failed must not go on unheard.
      await unsubscribe();
      throw error;
    }
    return unsubscribe;
  }

  #deliver(line: Line, message: Message): void {
    const chaos = this.#chaos;
    const faults = this.#options.deliver;
    this.#delivered++;
    if (chaos.strikes('deliver.loss', faults?.loss)) {
      if (chaos.strikes('deliver.gap', faults?.gap ?? 1)) line.later(chaos.pickMs(faults?.gapMs), () => line.gap());
      return;
    }
    if (chaos.strikes('deliver.duplicate', faults?.duplicate)) {
      line.later(chaos.pickMs(faults?.duplicateMs), () => line.message(message));
    }
    if (chaos.strikes('deliver.reorder', faults?.reorder)) {
      line.later(chaos.pickMs(faults?.reorderMs), () => line.message(message));
    } else {
      line.inOrder(chaos.strikes('deliver.delay', faults?.delay) ? chaos.pickMs(faults?.delayMs) : 0, message);
    }
  }
}

/** What a bus delivers. */
type Message = Parameters<Parameters<Bus['subscribe']>[0]>;

/** The way to one subscriber. */
class Line {
  readonly #clock: Clock;
  readonly #onMessage: (...message: Message) => void;
  readonly #onGap: () => void;
  readonly #queue: { readonly message: Message; readonly atMs: number }[] = [];
  #open = true;

  constructor(clock: Clock, onMessage: (...message: Message) => void, onGap: () => void) {
    this.#clock = clock;
    this.#onMessage = onMessage;
    this.#onGap = onGap;
  }

  close(): void {
    this.#open = false;
    this.#queue.length = 0;
  }

  gap(): void {
    if (this.#open) this.#onGap();
  }

  message(message: Message): void {
    if (this.#open) this.#onMessage(...message);
  }

  later(delayMs: number, run: () => void): void {
    this.#clock.after(delayMs, run);
  }

  /** Behind whatever is still on its way. */
  inOrder(delayMs: number, message: Message): void {
    if (delayMs === 0 && this.#queue.length === 0) return this.message(message);
    this.#queue.push({ message, atMs: this.#clock.now() + delayMs });
    if (this.#queue.length === 1) this.#awaitHead();
  }

  #awaitHead(): void {
    const [head] = this.#queue;
    if (head === undefined) return;
    this.later(Math.max(0, head.atMs - this.#clock.now()), () => {
      this.message(head.message);
      this.#queue.shift();
      this.#awaitHead();
    });
  }
}
