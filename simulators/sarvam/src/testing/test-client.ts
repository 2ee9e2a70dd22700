import { WebSocket } from 'ws';
import type { SarvamSimulator } from '../index.ts';

/** A frame as the client got it. */
export interface Received {
  readonly atMs: number;
  readonly raw: string;
  readonly type: string;
  readonly data: Record<string, unknown>;
}

/** How to connect; the defaults make a working bulbul:v3 socket with final events. */
export interface ClientOptions {
  readonly path?: string;
  readonly query?: string;
  readonly headers?: Record<string, string>;
  readonly protocols?: string[];
}

const VALID_CONFIG: Record<string, unknown> = {
  target_language_code: 'hi-IN',
  speaker: 'shubh',
  output_audio_codec: 'linear16',
};

/** A plain client that records whatever comes. */
export class TestClient {
  readonly socket: WebSocket;
  readonly frames: Received[] = [];
  closeCode: number | undefined;
  closeReason = '';
  readonly #waiting: Set<() => void> = new Set();

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => {
      this.frames.push(received(Buffer.isBuffer(data) ? data.toString('utf8') : ''));
      this.#wake();
    });
    socket.on('close', (code, reason) => {
      this.closeCode = code;
      this.closeReason = reason.toString('utf8');
      this.#wake();
    });
  }

  /** Connects; rejects with ws's error, e.g. "Unexpected server response: 403". */
  static open(simulator: SarvamSimulator, options: ClientOptions = {}): Promise<TestClient> {
    const { path = '/text-to-speech/ws', query = 'model=bulbul:v3&send_completion_event=true' } = options;
    const { headers = { 'api-subscription-key': 'test-key' }, protocols = [] } = options;
    const socket = new WebSocket(`${simulator.url.replace('http', 'ws')}${path}?${query}`, protocols, { headers });
    const client = new TestClient(socket);
    return new Promise((resolve, reject) => {
      socket.once('open', () => resolve(client));
      socket.on('error', reject);
    });
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  config(overrides: Record<string, unknown> = {}): void {
    this.send({ type: 'config', data: { ...VALID_CONFIG, ...overrides } });
  }

  text(text: string): void {
    this.send({ type: 'text', data: { text } });
  }

  flush(): void {
    this.send({ type: 'flush' });
  }

  /** Speaks one utterance to its final; returns its PCM. */
  async speak(text: string): Promise<Buffer> {
    const from = this.frames.length;
    this.text(text);
    this.flush();
    await this.finals(this.finalCount() + 1);
    return this.audio(from);
  }

  /** All audio from a frame on. */
  audio(from = 0): Buffer {
    const parts = this.frames.slice(from).filter((frame) => frame.type === 'audio');
    return Buffer.concat(parts.map((frame) => Buffer.from(String(frame.data['audio']), 'base64')));
  }

  types(): string[] {
    return this.frames.map((frame) => frame.type);
  }

  finalCount(): number {
    return this.frames.filter((frame) => frame.type === 'event').length;
  }

  finals(count: number): Promise<void> {
    return this.until(() => this.finalCount() >= count);
  }

  /** The first error frame's data. */
  async error(): Promise<Record<string, unknown>> {
    await this.until(() => this.types().includes('error'));
    return this.frames.find((frame) => frame.type === 'error')?.data ?? {};
  }

  async closed(): Promise<number> {
    await this.until(() => this.closeCode !== undefined);
    return this.closeCode ?? 0;
  }

  /** Waits for a state that frames or the close bring about. */
  async until(reached: () => boolean): Promise<void> {
    while (!reached()) {
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
      });
    }
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

function received(raw: string): Received {
  const atMs = performance.now();
  try {
    const { type, data } = JSON.parse(raw) as { type: string; data: Record<string, unknown> };
    return { atMs, raw, type, data };
  } catch (error) {
    return { atMs, raw, type: 'not-json', data: { error: String(error) } };
  }
}
