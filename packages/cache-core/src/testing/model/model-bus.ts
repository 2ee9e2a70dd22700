import type { Bus } from '../../contracts/bus.ts';
import type { Invalidation } from '../../contracts/invalidation.ts';
import { MemoryBus } from '../../memory-bus.ts';
import { ChaosBus } from '../chaos-bus.ts';
import type { FakeClock } from '../fake-clock.ts';
import type { CommandName } from './commands.ts';

/** Told of what passes; `where` is the machine, or the process that listens itself. */
export interface BusWitness {
  onPublish(by: string, invalidation: Invalidation): { confirmed(): void };
  onMessage(where: string, invalidation: Invalidation): void;
  onGap(where: string): void;
}

const BUS_FAULTS = {
  'bus refuses': { publish: { failure: 1 } },
  'bus is slow': { publish: { delay: 1, delayMs: [1, 30] } },
  'bus loses': { deliver: { loss: 1, gap: 1, gapMs: [1, 20] } },
  'bus delays': { deliver: { delay: 1, delayMs: [1, 30] } },
  'bus repeats': { deliver: { duplicate: 1, duplicateMs: [1, 100] } },
} as const;

/** The bus between the machines of a model, part of the model itself: it knows when a message has come where. */
export class ModelBus {
  readonly #bus: Bus;
  readonly #chaos = new Map<CommandName, ChaosBus>();
  readonly #cut = new Set<string>();
  readonly #gaps = new Map<string, Set<() => void>>();
  readonly #witness: BusWitness;

  constructor(clock: FakeClock, witness: BusWitness) {
    this.#witness = witness;
    let bus: Bus = new MemoryBus();
    for (const [name, faults] of Object.entries(BUS_FAULTS)) {
      const layer = new ChaosBus(bus, { seed: name.length, clock, ...faults, onFault: () => layer.calm() });
      layer.calm();
      this.#chaos.set(name as CommandName, layer);
      bus = layer;
    }
    this.#bus = bus;
  }

  /** The bus as one process or machine has it. */
  at(where: string, publisher: string): Bus {
    return {
      publish: async (invalidation) => {
        const message = this.#witness.onPublish(publisher, invalidation);
        await this.#bus.publish(invalidation);
        message.confirmed();
      },
      subscribe: async (onMessage, onGap) => {
        const gap = (): void => {
          this.#witness.onGap(where);
          onGap();
        };
        const end = await this.#bus.subscribe((invalidation) => {
          if (this.#cut.has(where)) return;
          this.#witness.onMessage(where, invalidation);
          onMessage(invalidation);
        }, gap);
        // Whoever begins to listen has heard nothing before.
        this.#witness.onGap(where);
        this.#gaps.set(where, (this.#gaps.get(where) ?? new Set()).add(gap));
        return async () => {
          this.#gaps.get(where)?.delete(gap);
          await end();
        };
      },
    };
  }

  arm(command: CommandName): void {
    this.#chaos.get(command)?.storm();
  }

  /** From now on nothing arrives here, and nobody says so. */
  cut(where: string): void {
    this.#cut.add(where);
  }

  /** The connection is back: what was missed may be anything. */
  mend(where: string): void {
    if (!this.#cut.delete(where)) return;
    for (const gap of this.#gaps.get(where) ?? []) gap();
  }

  heal(): void {
    for (const layer of this.#chaos.values()) layer.heal();
    for (const where of this.#cut) this.mend(where);
  }
}
