import type { RawData, WebSocket } from 'ws';
import { countCodePoints } from '../code-points.ts';
import type { ConnectionRecord } from '../connection-record.ts';
import type { FaultSpecs } from '../faults/fault-specs.ts';
import { Rejection, invalidDictionary } from '../rejection.ts';
import type { Simulation } from '../simulation.ts';
import { newRequestId } from '../utterance-record.ts';
import { chooseModel } from '../voice/checks.ts';
import { STREAMED, parseSpeechSettings } from '../voice/speech-settings.ts';
import type { SpeechSettings } from '../voice/speech-settings.ts';
import { parseClientMessage } from './client-message.ts';
import type { ClientMessage } from './client-message.ts';
import { rejectionFrame } from './frames.ts';
import type { Handshake } from './handshake.ts';
import { Speech } from './speech.ts';
import { SpeechLine } from './speech-line.ts';
import { splitText } from './split-text.ts';
import { Wire } from './wire.ts';

/** Longest text of one message, in code points. */
const TEXT_LIMIT = 2500;

/** One accepted WebSocket: reads the client's messages, holds its text, and closes it when it has been idle. */
export class SpeechSocket {
  readonly #simulation: Simulation;
  readonly #handshake: Handshake;
  readonly #record: ConnectionRecord;
  readonly #wire: Wire;
  readonly #line: SpeechLine;
  readonly #idleTimer: NodeJS.Timeout;
  #settings: SpeechSettings | undefined;
  #speech: Speech = new Speech();
  #held = '';

  constructor(simulation: Simulation, socket: WebSocket, handshake: Handshake) {
    this.#simulation = simulation;
    this.#handshake = handshake;
    this.#record = simulation.ledger.openConnection(handshake.path, handshake.model);
    this.#wire = new Wire(socket);
    this.#line = new SpeechLine(simulation, this.#record, this.#wire, handshake.wantsFinal);
    this.#idleTimer = setTimeout(() => this.#onIdle(), simulation.options.idleTimeoutMs);
    socket.on('message', (data, isBinary) => this.#onMessage(data, isBinary));
    socket.on('ping', () => this.#onPingFrame());
    // A frame that breaks the protocol: ws closes the socket itself, with the code for it.
    socket.on('error', () => this.#line.stop(this.#speech));
    socket.on('close', (code) => this.#onClose(code));
  }

  /** Nothing asked for and nothing being spoken. */
  get idle(): boolean {
    if (!this.#wire.open) return false;
    const untouched = this.#held === '' && (this.#speech.begun === undefined || this.#speech.failed);
    return (untouched && !this.#line.busy) || this.#wire.stalled;
  }

  /** The idle close, now. */
  closeIdle({ code = this.#simulation.options.idleCloseCode, cut = false }: FaultSpecs['idle_close']): void {
    if (cut) this.#wire.cut();
    else this.#wire.close(code, 'Idle timeout');
  }

  #onIdle(): void {
    if (this.#line.busy && !this.#wire.stalled) this.#idleTimer.refresh();
    else this.closeIdle({});
  }

  #onPingFrame(): void {
    this.#record.countPingFrame();
    if (this.#simulation.options.wsPingResetsIdle) this.#idleTimer.refresh();
  }

  #onClose(code: number): void {
    clearTimeout(this.#idleTimer);
    this.#wire.cut();
    this.#line.stop(this.#speech);
    this.#simulation.ledger.closeConnection(this.#record, code);
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    if (!this.#wire.open) return;
    this.#idleTimer.refresh();
    try {
      this.#handle(parseClientMessage(data, isBinary));
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      this.#reject(error);
    }
  }

  /** Malformed input ends the socket; a wrong value leaves it as it was. */
  #reject(rejection: Rejection): void {
    const malformed = rejection.status === 422;
    this.#wire.send(rejectionFrame(newRequestId(), malformed ? invalidDictionary() : rejection));
    if (malformed) this.#wire.close(1000);
  }

  #handle(message: ClientMessage): void {
    switch (message.type) {
      case 'config':
        return this.#configure(message.data);
      case 'text':
        return this.#hold(message.data.text);
      case 'flush':
        return this.#flush();
      case 'ping':
        return this.#record.countPing();
    }
  }

  #configure(data: Record<string, unknown>): void {
    const rules = chooseModel(this.#handshake.model);
    // Seen live: without access to a beta model every config is called malformed.
    if (rules.beta && !this.#simulation.options.betaAccess) throw invalidDictionary();
    if (rules.socketPath !== this.#handshake.path) {
      throw new Rejection(400, `Model '${rules.name}' is served at ${rules.socketPath}, not ${this.#handshake.path}`);
    }
    const settings = parseSpeechSettings(data, rules, STREAMED);
    if (this.#settings !== undefined) this.#release(this.#settings);
    this.#settings = settings;
    if (this.#speech.failed) this.#speech = new Speech();
  }

  #hold(text: string): void {
    const settings = this.#configured();
    if (countCodePoints(text) > TEXT_LIMIT) {
      throw new Rejection(400, `Text should have at most ${TEXT_LIMIT} characters, received ${countCodePoints(text)}`);
    }
    this.#held += text;
    if (countCodePoints(this.#held) >= settings.minBufferSize) this.#release(settings);
  }

  #flush(): void {
    const settings = this.#configured();
    this.#release(settings);
    this.#line.push(this.#speech, settings);
    this.#speech = new Speech();
  }

  /** Sends the held text to the voice. */
  #release(settings: SpeechSettings): void {
    const text = this.#held;
    this.#held = '';
    this.#speech.add(text);
    for (const piece of splitText(text, settings.maxChunkLength)) this.#line.push(this.#speech, settings, piece);
  }

  #configured(): SpeechSettings {
    if (this.#settings === undefined) throw invalidDictionary();
    return this.#settings;
  }
}
