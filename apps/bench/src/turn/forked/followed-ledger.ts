import type { Ledger, SimulatorProcess } from '../../call/simulator-process.ts';

/** What one voice was asked for, by the provider's ledger. */
export interface LedgerStep {
  /** Characters since the last step. */
  readonly chars: number;
  /** With what this voice was asked for since the beginning, and nothing else. */
  readonly ledger: Ledger;
  /** Handshakes and requests turned away since the beginning, whoever asked. */
  readonly refused: number;
}

/** Reads a provider's ledger step by step, for one voice: others may speak at the same time. */
export class FollowedLedger {
  readonly #simulator: SimulatorProcess;
  readonly #speaker: string;
  readonly #from: Ledger;
  #seen: number;

  private constructor(simulator: SimulatorProcess, speaker: string, from: Ledger) {
    this.#simulator = simulator;
    this.#speaker = speaker;
    this.#from = from;
    this.#seen = from.utterances.length;
  }

  static async begin(simulator: SimulatorProcess, speaker: string): Promise<FollowedLedger> {
    return new FollowedLedger(simulator, speaker, await simulator.ledger());
  }

  async next(): Promise<LedgerStep> {
    const now = await this.#simulator.ledger();
    const [from, seen] = [this.#from, this.#seen];
    this.#seen = now.utterances.length;
    const since = (start: number): Ledger['utterances'] =>
      now.utterances.slice(start).filter(({ speaker }) => speaker === this.#speaker);
    return {
      chars: since(seen).reduce((sum, { chars }) => sum + chars, 0),
      ledger: { ...now, utterances: since(from.utterances.length) },
      refused: refusedIn(now) - refusedIn(from),
    };
  }
}

/** Whoever was turned away, and why ever. */
export function refusedIn({ refused: { auth, limit, fault } }: Ledger): number {
  return auth + limit + fault;
}
