import type { FakeClock } from '@warmline/cache-core/testing';
import type { Change, ChangeFeed, ChangeListener, ChangeSubscription, ChangeWindow } from './change-feed.ts';
import type { WatchRecord } from './watch-record.ts';

export function changeOf(at: number, id = `a${at}`, deleted = false): Change {
  return { at: BigInt(at), kind: 'agent', id, organizationId: 'acme', deleted };
}

/** A feed whose windows and proofs the test gives. */
export class FeedFixture implements ChangeFeed {
  commits: Change[] = [];
  /** Of the window. */
  size = 3;
  listener: ChangeListener | undefined;
  closed = 0;
  probes = 0;
  /** What a proof takes; what was committed before it was asked for is handed over first. */
  prove: (signal: AbortSignal) => Promise<void> = async () => {};

  subscribe(listener: ChangeListener): ChangeSubscription {
    this.listener = listener;
    return {
      probe: async (signal) => {
        this.probes++;
        await this.prove(signal);
      },
      close: async () => {
        this.closed++;
      },
    };
  }

  window(): ChangeWindow {
    return { changes: this.commits.slice(-this.size), isWhole: this.commits.length <= this.size };
  }

  /** Hands the window over as it is now. */
  hand(): void {
    this.listener?.onWindow(this.window());
  }

  commit(at: number, id?: string): void {
    this.commits.push(changeOf(at, id));
    this.hand();
  }
}

/** A record in memory, as all processes of a machine see it. */
export class RecordFixture implements WatchRecord {
  readonly writes: { readonly position?: bigint; readonly liveForMs: number }[] = [];
  position: bigint | undefined;
  liveUntilMs = 0;
  beforeWrite: (written: { readonly liveForMs: number }) => Promise<void> = async () => {};
  readonly #clock: FakeClock;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  get isLive(): boolean {
    return this.#clock.now() < this.liveUntilMs;
  }

  read(): { readonly position?: bigint } | undefined {
    return this.position === undefined ? undefined : { position: this.position };
  }

  async write(written: { readonly position?: bigint; readonly liveForMs: number }): Promise<void> {
    await this.beforeWrite(written);
    this.writes.push(written);
    this.position = written.position;
    this.liveUntilMs = this.#clock.now() + written.liveForMs;
  }
}
