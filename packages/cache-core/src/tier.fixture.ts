import type { CacheEvent, SharedTier } from './index.ts';
import type { FakeClock } from './testing/index.ts';

type Changes = { readonly [Member in keyof SharedTier]?: SharedTier[Member] | undefined };

/** The same tier with some of its members replaced; what is not named reaches `inner`. */
export function wrapTier(inner: SharedTier, changes: Changes): SharedTier {
  return new Proxy(inner, {
    get(target, member) {
      if (Object.hasOwn(changes, member)) return Reflect.get(changes, member);
      const own: unknown = Reflect.get(target, member, target);
      return typeof own === 'function' ? own.bind(target) : own;
    },
  });
}

/** A point in a schedule: who comes to it waits there until it is opened. */
export interface Gate {
  /** Resolves when somebody has come. */
  readonly reached: Promise<void>;
  pass(): Promise<void>;
  open(): void;
}

/** A closed {@link Gate}. */
export function gate(): Gate {
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  return {
    reached: reached.promise,
    pass() {
      reached.resolve();
      return opened.promise;
    },
    open: opened.resolve,
  };
}

/** Lets everything run that waits for promises only. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Moves time until the work has settled. @returns the milliseconds that took; more than `limitMs` is an error. */
export async function timeToSettle(clock: FakeClock, work: Promise<unknown>, limitMs: number): Promise<number> {
  const startedMs = clock.now();
  let settled = false;
  const note = (): void => {
    settled = true;
  };
  work.then(note, note);
  await turn();
  while (!settled) {
    if (clock.now() - startedMs >= limitMs) throw new Error(`not settled within ${limitMs} ms`);
    await clock.advance(1);
  }
  return clock.now() - startedMs;
}

/** Records events, and tells them as a short story without numbers and hashes. */
export class Recorder {
  readonly events: CacheEvent[] = [];
  readonly onEvent = (event: CacheEvent): void => {
    this.events.push(event);
  };

  of<T extends CacheEvent['type']>(type: T): Extract<CacheEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<CacheEvent, { type: T }> => event.type === type);
  }

  /** What has happened since the last call. Types of events that later versions add are left out. */
  story(): string[] {
    return this.events.splice(0).flatMap((event) => {
      switch (event.type) {
        case 'hit':
          return `hit in ${event.tier}`;
        case 'miss':
        case 'shared':
          return event.type;
        case 'load':
          return `load ${event.outcome}`;
        case 'refused-write':
          return `refused: ${event.reason}`;
        case 'frame-fault':
          return `fault in ${event.tier}: ${event.fault}`;
        case 'tier-error':
        case 'tier-timeout':
          return `${event.type}: ${event.tier}.${event.operation}`;
        case 'eviction':
          return 'eviction';
        case 'pin-refused':
          return 'pin refused';
        case 'invalidation':
          return `invalidation of ${event.kind}${event.pending ? ', pending' : ''}`;
        default:
          return [];
      }
    });
  }
}
