import { epochNow } from './clock.ts';
import type { LedgerConnection } from './ledger.ts';

/** The ledger line of one accepted WebSocket. */
export class ConnectionRecord {
  readonly id: string;
  readonly #path: string;
  readonly #model: string;
  readonly #openedAt: number = epochNow();
  #closedAt: number | null = null;
  #closeCode: number | null = null;
  #utterances = 0;
  #pings = 0;
  #pingFrames = 0;

  constructor(id: string, path: string, model: string) {
    this.id = id;
    this.#path = path;
    this.#model = model;
  }

  get open(): boolean {
    return this.#closedAt === null;
  }

  countUtterance(): void {
    this.#utterances += 1;
  }

  countPing(): void {
    this.#pings += 1;
  }

  countPingFrame(): void {
    this.#pingFrames += 1;
  }

  close(code: number): void {
    this.#closedAt = epochNow();
    this.#closeCode = code;
  }

  /** Starts counting anew for a socket that outlives a reset of the ledger. */
  resetCounts(): void {
    this.#utterances = 0;
    this.#pings = 0;
    this.#pingFrames = 0;
  }

  snapshot(): LedgerConnection {
    return {
      id: this.id,
      path: this.#path,
      model: this.#model,
      opened_at_ms: this.#openedAt,
      closed_at_ms: this.#closedAt,
      close_code: this.#closeCode,
      utterances: this.#utterances,
      pings: this.#pings,
      ping_frames: this.#pingFrames,
    };
  }
}
