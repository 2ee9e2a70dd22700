import type { Bus } from '../contracts/bus.ts';
import type { Begun, Lease, SharedTier } from '../contracts/shared-tier.ts';
import { seededRandom } from './seeded-random.ts';

/** @see Schedule */
export type ScheduleOptions =
  | { readonly seed: number }
  /**
   * Forces an order: the steps named here take place in this order, all others as soon as they can, oldest first. The whole
   * `trace` of another schedule repeats it exactly.
   */
  | { readonly trace: readonly string[] };

/** @see Schedule.run */
export interface RunOptions {
  /**
   * Called when no step waits but an actor has not ended, for instance because it waits for a timer of a `FakeClock`.
   * @returns false when nothing more is to be expected. @default nothing is
   */
  readonly onIdle?: () => boolean | Promise<boolean>;
}

interface Step {
  readonly name: string;
  readonly pace: number;
  readonly pass: () => Promise<unknown> | undefined;
}

/** Steps differ in pace by up to 2 ** 6, so that some schedules hold one participant back for as long as the others go on. */
const PACE_BITS = 6;

/**
 * Decides in which order concurrent steps happen. Every step waits at its gate (`step`) until the schedule picks it; between
 * two steps everything runs that waits for promises only. So an interleaving is a list of names, `trace`, which can be
 * drawn at random from a seed, counted, and repeated.
 *
 * Nothing waits before `run` begins and after it has ended: what is set up and looked at there is not part of the trace.
 */
export class Schedule {
  readonly #random: () => number;
  readonly #script: readonly string[] | undefined;
  /** Names of `#script` that are still to come. */
  readonly #awaited: Set<string>;
  readonly #paces = new Map<string, number>();
  readonly #uses = new Map<string, number>();
  readonly #waiting: Step[] = [];
  readonly #trace: string[] = [];
  #played = 0;
  #running = false;

  constructor(options: ScheduleOptions) {
    this.#random = seededRandom('seed' in options ? options.seed : 0);
    this.#script = 'trace' in options ? options.trace : undefined;
    this.#awaited = new Set(this.#script);
  }

  /** The steps that have happened: each a label and how many steps of this label were asked for before, as in `A host.read 2`. */
  get trace(): readonly string[] {
    return this.#trace;
  }

  /**
   * Resolves when the schedule picks this step.
   * @param atomic is run as the step itself: the next one is picked when it has ended. It must not wait for another step.
   */
  step(label: string, atomic?: () => Promise<unknown>): Promise<void> {
    if (!this.#running) return atomic === undefined ? Promise.resolve() : atomic().then(() => undefined);
    const use = (this.#uses.get(label) ?? 0) + 1;
    this.#uses.set(label, use);
    let pace = this.#paces.get(label);
    if (pace === undefined) this.#paces.set(label, (pace = 2 ** (this.#random() * PACE_BITS)));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const pass = (): Promise<unknown> | undefined => {
      if (atomic === undefined) {
        resolve();
        return undefined;
      }
      return atomic().then(() => resolve(), reject);
    };
    this.#waiting.push({ name: use === 1 ? label : `${label} ${use}`, pace, pass });
    return promise;
  }

  /**
   * Starts the actors in order and picks steps until none waits.
   * @returns true when all actors have ended, however they did; false when one hangs.
   * @throws Error when a forced order cannot be kept, naming the steps that wait.
   */
  async run(actors: readonly (() => Promise<unknown>)[], options: RunOptions = {}): Promise<boolean> {
    this.#running = true;
    let acting = actors.length;
    const ended = (): void => void acting--;
    try {
      for (const actor of actors) actor().then(ended, ended);
      await drained();
      for (;;) {
        const step = this.#take();
        if (step !== undefined) {
          this.#trace.push(step.name);
          await step.pass();
          await drained();
          continue;
        }
        if (options.onIdle === undefined || !(await options.onIdle())) break;
        await drained();
      }
    } finally {
      this.#running = false;
      for (const step of this.#waiting.splice(0)) void step.pass();
    }
    const missing = this.#script?.[this.#played];
    if (missing !== undefined) throw new Error(`step ${this.#played} of the trace, '${missing}', does not come`);
    return acting === 0;
  }

  #take(): Step | undefined {
    if (this.#waiting.length === 0) return undefined;
    const index = this.#script === undefined ? this.#draw() : this.#next(this.#script);
    return this.#waiting.splice(index, 1)[0];
  }

  #draw(): number {
    let ticket = this.#random() * this.#waiting.reduce((sum, { pace }) => sum + pace, 0);
    const index = this.#waiting.findIndex(({ pace }) => (ticket -= pace) < 0);
    return index === -1 ? this.#waiting.length - 1 : index;
  }

  #next(script: readonly string[]): number {
    const wanted = script[this.#played];
    const index = this.#waiting.findIndex(({ name }) => name === wanted);
    if (index !== -1) {
      this.#played++;
      this.#awaited.delete(wanted ?? '');
      return index;
    }
    const free = this.#waiting.findIndex(({ name }) => !this.#awaited.has(name));
    if (free === -1) {
      const waiting = this.#waiting.map(({ name }) => `'${name}'`).join(', ');
      throw new Error(`step ${this.#played} of the trace, '${wanted}', does not come; there wait: ${waiting}`);
    }
    return free;
  }
}

/** Lets everything run that waits for promises only: an immediate comes after all of their callbacks. */
function drained(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The calls of a tier that take time. What else it has is reached directly. */
const CALLS: ReadonlySet<PropertyKey> = new Set<keyof SharedTier>([
  'read',
  'begin',
  'beginMany',
  'write',
  'invalidate',
  'stayLive',
]);

/** The same tier with every call as two steps: before it takes effect, and before its answer arrives. */
export function scheduledTier(tier: SharedTier, schedule: Schedule, label: string): SharedTier {
  const asSteps = async (operation: string, call: () => unknown): Promise<unknown> => {
    await schedule.step(`${label}.${operation}`);
    try {
      return withLease(await call());
    } finally {
      await schedule.step(`${label}.${operation} answers`);
    }
  };
  const withLease = (answer: unknown): unknown => {
    if (Array.isArray(answer)) return answer.map(withLease);
    if (!isLeased(answer)) return answer;
    const { lease } = answer;
    return { ...answer, lease: { release: () => asSteps('release', () => lease.release()) } };
  };
  return new Proxy(tier, {
    get(target, member) {
      const own: unknown = Reflect.get(target, member, target);
      if (typeof own !== 'function') return own;
      if (typeof member === 'symbol' || !CALLS.has(member)) return own.bind(target);
      return (...args: unknown[]) => asSteps(member, () => Reflect.apply(own, target, args));
    },
  });
}

function isLeased(answer: unknown): answer is Begun & { readonly lease: Lease } {
  return typeof answer === 'object' && answer !== null && 'lease' in answer && typeof answer.lease === 'object';
}

/**
 * The same bus with steps: a message before it is accepted, before its publisher hears so, and before each delivery to a
 * subscriber of this wrapper. Every subscriber still gets all messages in order.
 */
export function scheduledBus(bus: Bus, schedule: Schedule, label: string): Bus {
  return {
    async publish(invalidation) {
      await schedule.step(`${label}.publish`);
      try {
        await bus.publish(invalidation);
      } finally {
        await schedule.step(`${label}.publish answers`);
      }
    },
    subscribe(onMessage, onGap, from) {
      let before: Promise<void> = Promise.resolve();
      const inOrder = (what: string, deliver: () => void): void => {
        before = before.then(() => schedule.step(`${label}.${what}`)).then(deliver);
      };
      return bus.subscribe(
        (...message) => inOrder('delivers', () => onMessage(...message)),
        () => inOrder('gap', onGap),
        from,
      );
    },
  };
}
