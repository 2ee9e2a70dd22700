import { ActiveFault } from './active-fault.ts';
import type { ActiveFaultState } from './active-fault.ts';
import type { FaultName, FaultSpecs, Faults } from './fault-specs.ts';

/** The faults of an account. */
export class FaultSet {
  readonly #active: Map<string, ActiveFault> = new Map();

  /** Replaces the faults that are named, leaves the others; `null` switches one off. */
  merge(faults: Faults): void {
    for (const [name, spec] of Object.entries(faults)) {
      if (spec === null) this.#active.delete(name);
      else this.#active.set(name, new ActiveFault(spec));
    }
  }

  clear(): void {
    this.#active.clear();
  }

  /** The fault's fields if it strikes this occasion, which uses up one of its `count`. */
  draw<N extends FaultName>(name: N, text = ''): FaultSpecs[N] | undefined {
    // The schemas gave each name its own fields; a map cannot say so.
    return this.#active.get(name)?.draw(text) as FaultSpecs[N] | undefined;
  }

  /** All that are switched on, used up ones included, with how often they struck. */
  state(): Record<string, ActiveFaultState> {
    return Object.fromEntries([...this.#active].map(([name, fault]) => [name, fault.state()]));
  }
}
