/** Something that goes wrong at the provider. */
export interface FaultCase {
  readonly name: string;
  /** As the simulator takes them. */
  readonly faults: Readonly<Record<string, object>>;
  /** Speaks a healthy sentence first, so that a socket lies in the pool. */
  readonly pooled?: boolean;
  /** Another key, or nobody at the address. */
  readonly access?: 'wrong-key' | 'nobody-there';
}

const once = { count: 1 } as const;

/** Every case strikes once, unless it says so; then the provider is well again. */
export const FAULT_CASES: readonly FaultCase[] = [
  { name: 'nobody at the address', faults: {}, access: 'nobody-there' },
  { name: 'wrong key', faults: {}, access: 'wrong-key' },
  { name: 'handshake refused, 403', faults: { handshake_refuse: { status: 403, ...once } } },
  { name: 'handshake refused, 429', faults: { handshake_refuse: { status: 429, ...once } } },
  {
    name: 'handshake refused, 503, and REST 503',
    faults: { handshake_refuse: { status: 503, count: 2 }, rest_status: { status: 503, count: 2 } },
  },
  { name: 'handshake slow, 400 ms', faults: { handshake_delay: { ms: 400, ...once } } },
  { name: 'handshake hangs', faults: { handshake_hang: once } },
  { name: 'error frame, number 422', faults: { error_frame: { shape: 'int', status: 422, ...once } } },
  { name: 'error frame, "400: …"', faults: { error_frame: { shape: 'text', status: 400, ...once } } },
  { name: 'error frame, "503"', faults: { error_frame: { shape: 'digits', status: 503, ...once } } },
  { name: 'error frame, word', faults: { error_frame: { shape: 'word', word: 'invalid_request_error', ...once } } },
  { name: 'error frame after audio', faults: { error_frame: { shape: 'int', status: 503, after_chunks: 1, ...once } } },
  { name: 'close 1000 before final', faults: { close: { code: 1000, after_chunks: 2, ...once } } },
  { name: 'close 1011 before audio', faults: { close: { code: 1011, ...once } } },
  { name: 'cut without close frame', faults: { cut: { after_chunks: 2, ...once } } },
  { name: 'final missing', faults: { missing_final: once } },
  { name: 'final twice', faults: { duplicate_final: once } },
  { name: 'stall before audio', faults: { stall: once } },
  { name: 'stall after audio', faults: { stall: { after_chunks: 2, ...once } } },
  { name: 'odd chunks', faults: { odd_chunks: once } },
  { name: 'empty audio', faults: { empty_audio: once } },
  { name: 'a frame that is not JSON', faults: { non_json_frame: { after_chunks: 1, ...once } } },
  { name: 'audio after final', faults: { audio_after_final: once } },
  { name: 'idle socket closed', faults: { idle_close: {} }, pooled: true },
  { name: 'idle socket cut', faults: { idle_close: { cut: true } }, pooled: true },
];
