import { every } from './clock.ts';
import { teller } from './events.ts';
import type { HostListener } from './events.ts';
import type { HostLease } from './host-lease.ts';
import type { HostTier } from './host-tier.ts';
import type { Service } from './keeper.ts';

/** @see LeasedService */
export interface LeasedServiceOptions {
  /** Of all processes of the machine that offer a service of this name one runs it. */
  readonly name: string;
  /** Starts it; called again when this process has lost the service and comes by it once more. */
  readonly start: () => Service;
  readonly onEvent?: HostListener;
}

/** A dead holder is seen at the next look; one that hangs, when its lease is over. */
const LEASE_MS = 2_000;
const LOOK_MS = 400;

/**
 * A service that one process of the machine runs at a time, whoever keeps the machine's tier: when it dies another takes over
 * within two seconds. For a moment there may be two. Nothing of it keeps the process alive but the service itself.
 */
export class LeasedService implements Service {
  readonly #tier: HostTier;
  readonly #options: LeasedServiceOptions;
  readonly #tell: HostListener;
  readonly #stop: () => void;
  #lease: HostLease | undefined;
  #running: Service | undefined;
  #looking: Promise<void> | undefined;
  #closed = false;

  constructor(tier: HostTier, options: LeasedServiceOptions) {
    this.#tier = tier;
    this.#options = options;
    this.#tell = teller(options.onEvent);
    this.#stop = every(LOOK_MS, () => this.#look());
    this.#look();
  }

  /** Whether this process is the one that runs it. */
  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Ends it here, and lets another process have it. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stop();
    await this.#looking;
    await this.#end();
    await this.#lease?.release();
    this.#lease = undefined;
  }

  #look(): void {
    this.#looking ??= this.#hold()
      .catch(async (error: unknown) => {
        this.#lease = undefined;
        this.#failed(error);
        await this.#end();
        if (this.#tier.file.isGone) this.#stop();
      })
      .finally(() => (this.#looking = undefined));
  }

  async #hold(): Promise<void> {
    if (this.#closed) return;
    if (this.#lease !== undefined) {
      if (await this.#lease.renew(LEASE_MS)) return;
      this.#lease = undefined;
      await this.#end();
      return;
    }
    this.#lease = await this.#tier.leases.acquire(`service/${this.#options.name}`, LEASE_MS);
    if (this.#lease !== undefined) this.#running = this.#options.start();
  }

  async #end(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.close().catch((error: unknown) => this.#failed(error));
  }

  #failed(error: unknown): void {
    this.#tell({ type: 'duty-failed', duty: this.#options.name, error });
  }
}
