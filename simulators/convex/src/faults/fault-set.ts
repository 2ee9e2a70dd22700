import type { ActiveFaultState, FaultLimits, FaultName, FaultSpecs, Faults } from './fault-specs.ts';

interface ActiveFault {
  readonly spec: FaultLimits;
  remaining: number;
  fired: number;
}

/** The faults that are switched on. */
export class FaultSet {
  readonly #active: Map<string, ActiveFault> = new Map();

  /** Replaces the faults that are named, leaves the others; `null` switches one off. */
  merge(faults: Faults): void {
    for (const [name, spec] of Object.entries(faults)) {
      if (spec === null) this.#active.delete(name);
      else this.#active.set(name, { spec, remaining: spec.count ?? Infinity, fired: 0 });
    }
  }

  clear(): void {
    this.#active.clear();
  }

  /** The fault's fields if it strikes this call, which uses up one of its `count`. */
  draw<N extends FaultName>(name: N, path?: string): FaultSpecs[N] | undefined {
    const fault = this.#active.get(name);
    if (fault === undefined || fault.remaining === 0) return undefined;
    const { functions } = fault.spec;
    if (functions !== undefined && (path === undefined || !functions.includes(path))) return undefined;
    fault.remaining -= 1;
    fault.fired += 1;
    // The schemas gave each name its own fields; a map cannot say so.
    return fault.spec as FaultSpecs[N];
  }

  /** Whether the fault would strike now. */
  isActive(name: FaultName): boolean {
    return (this.#active.get(name)?.remaining ?? 0) > 0;
  }

  /** All that are switched on, used up ones included. */
  state(): Record<string, ActiveFaultState> {
    return Object.fromEntries(
      [...this.#active].map(([name, { spec, remaining, fired }]) => [
        name,
        { ...spec, remaining: remaining === Infinity ? null : remaining, fired },
      ]),
    );
  }
}
