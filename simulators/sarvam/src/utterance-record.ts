import { createHash, randomUUID } from 'node:crypto';
import { epochNow } from './clock.ts';
import { countCodePoints } from './code-points.ts';
import type { LedgerUtterance } from './ledger.ts';
import type { Voice } from './voice/voice.ts';

/** What is known of an utterance when its synthesis starts. */
export interface UtteranceStart {
  readonly id: string;
  readonly connection: string | null;
  readonly transport: LedgerUtterance['transport'];
  readonly voice: Voice;
  readonly faults: readonly string[];
}

/** The ledger line of one utterance while it is being written. */
export class UtteranceRecord {
  readonly requestId: string = newRequestId();
  readonly #start: UtteranceStart;
  readonly #startedAt: number = epochNow();
  readonly #hash = createHash('sha256');
  #text = '';
  #take = 0;
  #pieces = 0;
  #bytes = 0;
  #firstAudioAt: number | null = null;
  #endedAt: number | null = null;
  #complete = false;
  #sha256: string | undefined;

  constructor(start: UtteranceStart) {
    this.#start = start;
  }

  /** The synthesis of a piece of text begins: from now on it is billed. */
  bill(text: string, take: number): void {
    if (this.#pieces === 0) this.#take = take;
    this.#pieces += 1;
    this.#text += text;
  }

  /** PCM left for the client. */
  sent(pcm: Uint8Array): void {
    this.#firstAudioAt ??= epochNow();
    this.#bytes += pcm.byteLength;
    this.#hash.update(pcm);
  }

  /** The first call decides; what comes after the end belongs to nobody. */
  end(complete: boolean): void {
    if (this.#endedAt !== null) return;
    this.#endedAt = epochNow();
    this.#complete = complete;
    this.#sha256 = this.#hash.copy().digest('hex');
  }

  snapshot(): LedgerUtterance {
    const { id, connection, transport, voice, faults } = this.#start;
    return {
      id,
      request_id: this.requestId,
      connection,
      transport,
      model: voice.model,
      speaker: voice.speaker,
      language: voice.language,
      sample_rate: voice.sampleRate,
      pace: voice.pace,
      text: this.#text,
      chars: this.#text.length,
      code_points: countCodePoints(this.#text),
      take: this.#take,
      pieces: this.#pieces,
      bytes: this.#bytes,
      sha256: this.#sha256 ?? this.#hash.copy().digest('hex'),
      complete: this.#complete,
      faults,
      started_at_ms: this.#startedAt,
      first_audio_at_ms: this.#firstAudioAt,
      ended_at_ms: this.#endedAt,
    };
  }
}

/** The service's form: `20261004_b746a44a-7109-4ad3-93b9-7eca8deebbb2`. */
export function newRequestId(): string {
  return `${new Date().toISOString().slice(0, 10).replaceAll('-', '')}_${randomUUID()}`;
}
