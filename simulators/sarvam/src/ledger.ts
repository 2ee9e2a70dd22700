/** One WebSocket the service accepted. Times are ms since the epoch. */
export interface LedgerConnection {
  readonly id: string;
  readonly path: string;
  readonly model: string;
  readonly opened_at_ms: number;
  readonly closed_at_ms: number | null;
  /** As the service saw it; 1006 without a close frame, `null` while open. */
  readonly close_code: number | null;
  readonly utterances: number;
  /** Application pings, `{"type":"ping"}`. */
  readonly pings: number;
  /** WebSocket PING frames. */
  readonly ping_frames: number;
}

/** What was synthesised between two flushes, or for one REST request. Times are ms since the epoch. */
export interface LedgerUtterance {
  readonly id: string;
  readonly request_id: string;
  /** `null` for REST. */
  readonly connection: string | null;
  readonly transport: 'ws' | 'rest' | 'stream';
  readonly model: string;
  readonly speaker: string;
  readonly language: string;
  readonly sample_rate: number;
  readonly pace: number;
  /** Text whose synthesis began: text counts as billed from that moment, whatever happens later. */
  readonly text: string;
  /** UTF-16 length of `text`, as JavaScript clients count. */
  readonly chars: number;
  readonly code_points: number;
  /** How often the account has asked for this text in this voice; of the first piece, when the text was split. */
  readonly take: number;
  /** Pieces the text was synthesised in. */
  readonly pieces: number;
  /** PCM bytes sent, without headers and without stray audio that a fault sent after the end. */
  readonly bytes: number;
  /** SHA-256 of those bytes, in hex. */
  readonly sha256: string;
  /** All audio and the final event were sent, or the HTTP response ended. */
  readonly complete: boolean;
  /** The faults that were drawn for it. */
  readonly faults: readonly string[];
  readonly started_at_ms: number;
  readonly first_audio_at_ms: number | null;
  readonly ended_at_ms: number | null;
}

/** What the service itself counted. */
export interface Ledger {
  readonly open_sockets: number;
  readonly peak_sockets: number;
  readonly connections_total: number;
  /** Requests and handshakes turned away: wrong key, over a limit, by a fault. */
  readonly refused: { readonly auth: number; readonly limit: number; readonly fault: number };
  readonly totals: {
    readonly utterances: number;
    readonly completed: number;
    readonly chars: number;
    readonly code_points: number;
    readonly bytes: number;
  };
  readonly connections: readonly LedgerConnection[];
  readonly utterances: readonly LedgerUtterance[];
}
