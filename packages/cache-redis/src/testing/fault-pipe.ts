import type { Socket } from 'node:net';
import { systemClock } from '@warmline/cache-core';
import type { FaultyDirection } from './faulty-direction.ts';

/** Held in one direction of one connection before its sender has to wait. */
const HELD_BYTES = 1024 * 1024;
/** At a given speed, so often something goes on. */
const SLICE_MS = 10;

interface Piece {
  bytes: Buffer;
  readonly dueAt: number;
}

/** One direction of one connection: from the one socket to the other through the faults of now. */
export class FaultPipe {
  readonly #source: Socket;
  readonly #target: Socket;
  readonly #direction: FaultyDirection;
  readonly #pieces: Piece[] = [];
  #held = 0;
  #passed = 0;
  /** When the bytes that went on before have left, at the given speed. */
  #leftAt = 0;
  #hasEnded = false;
  #isFinished = false;
  #isDraining = false;
  #cancelTimer = (): void => {};

  constructor(source: Socket, target: Socket, direction: FaultyDirection) {
    this.#source = source;
    this.#target = target;
    this.#direction = direction;
    source.on('data', (bytes: Buffer) => this.#take(bytes));
    source.on('end', () => {
      this.#hasEnded = true;
      this.pump();
    });
    target.on('drain', () => {
      this.#isDraining = false;
      this.pump();
    });
  }

  /** Sends FIN after what has gone on. What still comes is thrown away. */
  finish(): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#target.end();
  }

  /** Nothing waits any more. */
  close(): void {
    this.#cancelTimer();
    this.#isFinished = true;
    this.#pieces.length = 0;
  }

  /** Passes on what may go now; to be called when the faults change. */
  pump(): void {
    this.#cancelTimer();
    while (!this.#direction.faults.blackhole && !this.#isDraining) {
      const [piece] = this.#pieces;
      if (piece === undefined) {
        if (this.#hasEnded) this.finish();
        return;
      }
      const waitMs = Math.max(piece.dueAt, this.#speed > 0 ? this.#leftAt : 0) - systemClock.now();
      if (waitMs > 0) {
        this.#cancelTimer = systemClock.after(waitMs, () => this.pump());
        return;
      }
      this.#pass(piece);
    }
  }

  get #speed(): number {
    return this.#direction.faults.bytesPerSecond;
  }

  #take(bytes: Buffer): void {
    const { latencyMs, jitterMs } = this.#direction.faults;
    const now = systemClock.now();
    if (this.#pieces.length === 0) this.#leftAt = Math.max(this.#leftAt, now);
    const corrupted = this.#direction.corrupt(this, bytes, this.#passed);
    this.#passed += bytes.length;
    this.#pieces.push({ bytes: corrupted, dueAt: now + latencyMs + jitterMs * this.#direction.random() });
    this.#held += bytes.length;
    this.pump();
    if (this.#held > HELD_BYTES) this.#source.pause();
  }

  #pass(piece: Piece): void {
    const most = this.#speed > 0 ? Math.max(1, Math.ceil((this.#speed * SLICE_MS) / 1_000)) : piece.bytes.length;
    const slice = piece.bytes.subarray(0, most);
    piece.bytes = piece.bytes.subarray(slice.length);
    if (piece.bytes.length === 0) this.#pieces.shift();
    this.#held -= slice.length;
    if (this.#speed > 0) this.#leftAt += (slice.length * 1_000) / this.#speed;
    if (!this.#isFinished && this.#target.writable) {
      this.#direction.bytes += slice.length;
      this.#isDraining = !this.#target.write(slice);
    }
    if (this.#held <= HELD_BYTES && this.#source.isPaused()) this.#source.resume();
  }
}
