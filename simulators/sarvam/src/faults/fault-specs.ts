/** How often a fault strikes; without limits, always. */
export interface FaultLimits {
  /** Only the next so many occurrences. */
  readonly count?: number;
  /** Only with this probability, from 0 to 1. */
  readonly probability?: number;
  /** Seed of the probability. @default 1 */
  readonly seed?: number;
  /** Only for texts that contain this, as far as the text is known when its synthesis starts. Not for handshakes. */
  readonly match?: string;
}

/** After how many audio messages of the utterance; an utterance that has fewer is struck before its final. @default 0 */
export interface Position {
  readonly after_chunks?: number;
}

/** How an error frame tells its status, as seen live. */
export type ErrorShape = 'int' | 'text' | 'digits' | 'word';

/** What each fault does, by name. Delays are in ms and not scaled by `speed`. */
export interface FaultSpecs {
  readonly handshake_delay: { readonly ms: number };
  readonly handshake_refuse: { readonly status: 403 | 429 | 503 };
  readonly handshake_hang: FaultLimits;
  readonly first_chunk_delay: { readonly ms: number };
  /** Without `ms`: for ever. */
  readonly stall: Position & { readonly ms?: number };
  /** The utterance ends with it; with `close` the socket too. */
  readonly error_frame: Position & {
    readonly shape?: ErrorShape;
    readonly status?: number;
    readonly word?: string;
    readonly message?: string;
    readonly close?: number;
  };
  readonly close: Position & { readonly code: number; readonly reason?: string };
  readonly cut: Position;
  readonly missing_final: FaultLimits;
  readonly duplicate_final: FaultLimits;
  readonly odd_chunks: FaultLimits;
  readonly wav_header: { readonly mode: 'only' | 'absent' };
  readonly late_frames: { readonly frames?: number };
  readonly audio_after_final: { readonly frames?: number; readonly ms?: number };
  readonly non_json_frame: Position;
  readonly empty_audio: Position;
  readonly truncate: { readonly fraction: number };
  /** Not kept: closes every idle socket at once. */
  readonly idle_close: { readonly code?: number; readonly cut?: boolean };
  readonly rest_status: { readonly status: number; readonly message?: string; readonly retry_after?: string };
}

/** The name of a fault. */
export type FaultName = keyof FaultSpecs;

/** Faults to switch on, or with `null` off. */
export type Faults = { readonly [N in FaultName]?: (FaultSpecs[N] & FaultLimits) | null };
