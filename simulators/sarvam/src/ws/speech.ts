import { drawSpeechFaults, namesOf, SOCKET_FAULTS } from '../faults/speech-faults.ts';
import type { SpeechFaults } from '../faults/speech-faults.ts';
import type { Simulation } from '../simulation.ts';
import type { ConnectionRecord } from '../connection-record.ts';
import type { UtteranceRecord } from '../utterance-record.ts';
import type { SpeechSettings } from '../voice/speech-settings.ts';

/** What has begun of an utterance. */
export interface BegunSpeech {
  readonly record: UtteranceRecord;
  readonly faults: SpeechFaults;
}

/** One utterance of a socket: all text between two flushes. */
export class Speech {
  /** Audio messages sent. */
  chunks = 0;
  /** An error ended it: its remaining text and its flush are swallowed. */
  failed = false;
  /** Its WAV header had its turn. */
  headed = false;
  /** The last audio, kept for faults that send it again. */
  lastChunk: Buffer = Buffer.alloc(0);
  #text = '';
  #begun: BegunSpeech | undefined;

  get begun(): BegunSpeech | undefined {
    return this.#begun;
  }

  add(text: string): void {
    this.#text += text;
  }

  /** The service starts on it: draws its faults and opens its ledger line. Later calls return the same. */
  begin(simulation: Simulation, connection: ConnectionRecord, settings: SpeechSettings): BegunSpeech {
    if (this.#begun !== undefined) return this.#begun;
    const { voice, codec } = settings;
    const faults = drawSpeechFaults(
      simulation.faults,
      codec === 'wav' ? [...SOCKET_FAULTS, 'wav_header'] : SOCKET_FAULTS,
      this.#text,
    );
    connection.countUtterance();
    const record = simulation.ledger.startUtterance({
      connection: connection.id,
      transport: 'ws',
      voice,
      faults: namesOf(faults),
    });
    this.#begun = { record, faults };
    return this.#begun;
  }
}
