import { ConnectionRecord } from './connection-record.ts';
import type { Ledger, LedgerUtterance } from './ledger.ts';
import { UtteranceRecord } from './utterance-record.ts';
import type { UtteranceStart } from './utterance-record.ts';

/** Writes the ledger. It keeps every line until `reset`, so a soak should reset it between rounds. */
export class LedgerBook {
  #connections: ConnectionRecord[] = [];
  #utterances: UtteranceRecord[] = [];
  #refused = { auth: 0, limit: 0, fault: 0 };
  #open = 0;
  #peak = 0;
  #connectionIds = 0;
  #utteranceIds = 0;

  get openSockets(): number {
    return this.#open;
  }

  openConnection(path: string, model: string): ConnectionRecord {
    const record = new ConnectionRecord(`c${(this.#connectionIds += 1)}`, path, model);
    this.#connections.push(record);
    this.#open += 1;
    this.#peak = Math.max(this.#peak, this.#open);
    return record;
  }

  closeConnection(record: ConnectionRecord, code: number): void {
    record.close(code);
    this.#open -= 1;
  }

  startUtterance(start: Omit<UtteranceStart, 'id'>): UtteranceRecord {
    const record = new UtteranceRecord({ ...start, id: `u${(this.#utteranceIds += 1)}` });
    this.#utterances.push(record);
    return record;
  }

  refuse(reason: keyof Ledger['refused']): void {
    this.#refused[reason] += 1;
  }

  /** Forgets everything but the sockets that are still open. Ids go on, so that no two lines ever share one. */
  reset(): void {
    this.#connections = this.#connections.filter((record) => record.open);
    for (const record of this.#connections) record.resetCounts();
    this.#utterances = [];
    this.#refused = { auth: 0, limit: 0, fault: 0 };
    this.#peak = this.#open;
  }

  snapshot(): Ledger {
    const utterances = this.#utterances.map((record) => record.snapshot());
    return {
      open_sockets: this.#open,
      peak_sockets: this.#peak,
      connections_total: this.#connections.length,
      refused: { ...this.#refused },
      totals: {
        utterances: utterances.length,
        completed: utterances.filter((utterance) => utterance.complete).length,
        chars: total(utterances, 'chars'),
        code_points: total(utterances, 'code_points'),
        bytes: total(utterances, 'bytes'),
      },
      connections: this.#connections.map((record) => record.snapshot()),
      utterances,
    };
  }
}

function total(utterances: readonly LedgerUtterance[], field: 'chars' | 'code_points' | 'bytes'): number {
  return utterances.reduce((sum, utterance) => sum + utterance[field], 0);
}
