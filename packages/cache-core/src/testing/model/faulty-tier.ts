import type { Clock } from '../../contracts/clock.ts';
import type { Invalidation } from '../../contracts/invalidation.ts';
import type { SharedTier } from '../../contracts/shared-tier.ts';
import type { ChaosTierOptions } from '../chaos-tier.ts';
import { ChaosTier } from '../chaos-tier.ts';
import type { CommandName } from './commands.ts';

type Faults = Omit<ChaosTierOptions, 'seed' | 'clock' | 'onFault'>;

const SLOW = { delay: 1, delayMs: [1, 30] } as const;

/** What a command does to the next calls of a tier that it concerns. */
export const TIER_FAULTS: Readonly<Partial<Record<CommandName, Faults>>> = {
  'tier fails': {
    read: { failure: 1 },
    begin: { failure: 1 },
    write: { failure: 1 },
    invalidate: { failure: 1 },
    stayLive: { failure: 1 },
  },
  'tier hangs': { read: { hang: 1 }, begin: { hang: 1 }, write: { hang: 1 }, invalidate: { hang: 1 }, release: { hang: 1 } },
  'tier is slow': { read: SLOW, begin: SLOW, write: SLOW, invalidate: SLOW, release: SLOW },
  'invalidation fails': { invalidate: { failure: 1 } },
  'write fails': { write: { failure: 1 } },
  'write hangs': { write: { hang: 1 } },
  'write is lost': { write: { loss: 1 }, release: { loss: 1 } },
  'write comes twice': { write: { duplicate: 1, duplicateMs: [1, 150] } },
  'value is evicted': { read: { evictedValue: 1 } },
  'stamp is evicted': { read: { evictedStamp: 1 }, begin: { evictedStamp: 1 } },
  'answer is damaged': { read: { corruption: 1, truncation: 0.2 } },
}; // prettier-ignore

/** A tier that works until it is told not to. */
export class FaultyTier {
  /** What the caches are given. */
  readonly tier: SharedTier;
  readonly inner: SharedTier;
  readonly #clock: Clock;
  readonly #layers: ChaosTier[] = [];
  #current: SharedTier;
  #lateMs = 0;
  #running = 0;

  /** @param onInvalidate told of every invalidation that is tried. */
  constructor(inner: SharedTier, clock: Clock, onInvalidate: (invalidation: Invalidation) => void) {
    this.inner = inner;
    this.#clock = clock;
    const counted = forward(() => inner, (call) => this.#count(call)); // prettier-ignore
    this.#current = counted;
    const tier = forward(() => this.#current, (call) => this.#late(call)); // prettier-ignore
    this.tier = new Proxy(tier, {
      get(target, member) {
        const own: unknown = Reflect.get(target, member, target);
        if (member !== 'invalidate') return own;
        return (invalidation: Invalidation) => {
          onInvalidate(invalidation);
          return target.invalidate(invalidation);
        };
      },
    });
  }

  /** Calls that the inner tier has not answered. */
  get running(): number {
    return this.#running;
  }

  get hanging(): number {
    return this.#layers.reduce((sum, layer) => sum + layer.hanging, 0);
  }

  /** The next call goes wrong, or all of them do until {@link heal}. */
  arm(faults: Faults, seed: number, lasting: boolean): void {
    const layer = new ChaosTier(this.#current, {
      ...faults,
      seed,
      clock: this.#clock,
      onFault: () => {
        if (!lasting) layer.calm();
      },
    });
    this.#layers.push(layer);
    this.#current = layer;
  }

  /** The next call is carried out in time and answered late; `ChaosTier` carries out late what it delays. */
  delayAnswer(lateMs: number): void {
    this.#lateMs = lateMs;
  }

  heal(): void {
    this.#lateMs = 0;
    for (const layer of this.#layers) layer.heal();
  }

  async #late(call: () => unknown): Promise<unknown> {
    const lateMs = this.#lateMs;
    this.#lateMs = 0;
    const answer = await call();
    if (lateMs > 0) await new Promise<void>((resolve) => this.#clock.after(lateMs, resolve));
    return answer;
  }

  async #count(call: () => unknown): Promise<unknown> {
    this.#running++;
    try {
      return await call();
    } finally {
      this.#running--;
    }
  }
}

const CALLS: ReadonlySet<PropertyKey> = new Set<keyof SharedTier>([
  'read',
  'begin',
  'beginMany',
  'write',
  'invalidate',
]);

function forward(to: () => SharedTier, around: (call: () => unknown) => unknown): SharedTier {
  return new Proxy(to(), {
    get(_, member) {
      const target = to();
      const own: unknown = Reflect.get(target, member, target);
      if (typeof own !== 'function') return own;
      if (!CALLS.has(member)) return own.bind(target);
      return (...args: unknown[]) => around(() => Reflect.apply(own, target, args));
    },
  });
}
