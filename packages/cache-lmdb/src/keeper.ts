import { every, hostNow } from './clock.ts';
import { removeEarlierBoots } from './directory.ts';
import { teller } from './events.ts';
import type { HostListener } from './events.ts';
import { removeDeadFlags } from './gate.ts';
import type { HostLease } from './host-lease.ts';
import type { HostTier } from './host-tier.ts';
import { removeLeftovers } from './leftovers.ts';
import { sweep } from './sweep.ts';
import type { SweepOptions } from './sweep.ts';

/** Something that one process of a machine does for all, again and again. */
export interface Duty {
  readonly name: string;
  readonly everyMs: number;
  run(): Promise<void>;
}

/** Something that one process of a machine runs for all, for as long as it keeps the tier. */
export interface Service {
  close(): Promise<void>;
}

/** @see Keeper */
export interface KeeperOptions extends Omit<SweepOptions, 'maxBytes'> {
  /** What the keeper does besides keeping the file in order. @default [] */
  readonly duties?: readonly Duty[];
  /** Started when this process becomes the one that keeps the tier, and closed when it is no longer. @default [] */
  readonly services?: readonly (() => Service)[];
  readonly onEvent?: HostListener;
}

const LEASE = 'keeper';
/** A dead keeper is seen at the next look; one that hangs, when its lease is over. */
const LEASE_MS = 2000;
const LOOK_MS = 400;
const FULLNESS_CHECK_MS = 250;
const EXPIRY_MS = 10_000;
const LEFTOVERS_MS = 60_000;

/**
 * Takes part in keeping the machine's host tier: of all processes that do, one holds the lease, makes space, removes what has
 * expired and runs the duties; when it dies another takes over within two seconds.
 */
export class Keeper {
  readonly #tier: HostTier;
  readonly #options: KeeperOptions;
  readonly #tell: HostListener;
  readonly #duties: readonly Duty[];
  readonly #nextMs = new Map<Duty, number>();
  readonly #stops: readonly (() => void)[];
  #lease: HostLease | undefined;
  #services: readonly Service[] = [];
  #holding: Promise<void> | undefined;
  #round: Promise<void> | undefined;
  #sweptMs = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(tier: HostTier, options: KeeperOptions = {}) {
    this.#tier = tier;
    this.#options = options;
    this.#tell = teller(options.onEvent);
    this.#duties = [
      { name: 'sweep', everyMs: FULLNESS_CHECK_MS, run: () => this.#sweep() },
      { name: 'leftovers', everyMs: LEFTOVERS_MS, run: () => this.#tidy() },
      ...(options.duties ?? []),
    ];
    // Two clocks: a long sweep must not cost the lease.
    this.#stops = [every(LOOK_MS, () => this.#look()), every(FULLNESS_CHECK_MS, () => this.#work())];
    this.#look();
  }

  /** Whether this process is the one that keeps the machine's tier now. */
  get isHolding(): boolean {
    return this.#lease !== undefined;
  }

  /** Lets another process keep it. Waits for what is being done. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#end();
    await this.#holding;
    await this.#round;
    await this.#endServices();
    await this.#lease?.release();
    this.#lease = undefined;
  }

  #look(): void {
    if (this.#closed) return;
    this.#holding ??= this.#hold()
      .catch((error: unknown) => {
        this.#let();
        this.#tell({ type: 'duty-failed', duty: 'lease', error });
        if (this.#tier.file.isGone) this.#end();
      })
      .finally(() => (this.#holding = undefined));
  }

  #work(): void {
    this.#round ??= this.#goRound().finally(() => (this.#round = undefined));
  }

  #end(): void {
    for (const stop of this.#stops) stop();
  }

  async #goRound(): Promise<void> {
    for (const duty of this.#duties) {
      if (this.#lease === undefined || this.#closed) return;
      if (hostNow() < (this.#nextMs.get(duty) ?? 0)) continue;
      try {
        await duty.run();
      } catch (error) {
        this.#tell({ type: 'duty-failed', duty: duty.name, error });
      }
      this.#nextMs.set(duty, hostNow() + duty.everyMs);
    }
  }

  async #hold(): Promise<void> {
    if (this.#lease !== undefined) {
      if (!(await this.#lease.renew(LEASE_MS))) this.#let();
      return;
    }
    this.#lease = await this.#tier.leases.acquire(LEASE, LEASE_MS);
    if (this.#lease === undefined) return;
    this.#nextMs.clear();
    this.#tell({ type: 'keeper', state: 'holding' });
    // Another may have begun to keep the tier before this one has noticed: two of a service for a moment must do no harm.
    this.#services = (this.#options.services ?? []).map((start) => start());
    this.#work();
  }

  #let(): void {
    if (this.#lease !== undefined) this.#tell({ type: 'keeper', state: 'lost' });
    this.#lease = undefined;
    void this.#endServices();
  }

  async #endServices(): Promise<void> {
    const services = this.#services;
    this.#services = [];
    const ended = await Promise.allSettled(services.map((service) => service.close()));
    for (const end of ended) {
      if (end.status === 'rejected') this.#tell({ type: 'duty-failed', duty: 'service', error: end.reason });
    }
  }

  async #sweep(): Promise<void> {
    const { file, maxBytes } = this.#tier;
    const isFull = file.usedBytes() > maxBytes;
    if (!isFull && hostNow() - this.#sweptMs < EXPIRY_MS) return;
    const swept = await sweep(file, { ...this.#options, maxBytes });
    this.#sweptMs = hostNow();
    if (swept.expired + swept.evicted > 0) this.#tell({ type: 'swept', ...swept, usedBytes: file.usedBytes() });
  }

  async #tidy(): Promise<void> {
    const { file } = this.#tier;
    file.checkReaders();
    file.touch();
    removeDeadFlags(file.directory);
    removeEarlierBoots(file.directory);
    await removeLeftovers(file);
  }
}
