import type { VoiceSettings } from './voice.ts';

/** A phrase that is kept ready: part of an agent's own script, so its text may be written down. */
export interface InventoryPhrase {
  /** The key in the phrase cache: `cache.get(key)` is its `Speech`, in a cache of the same name and scope. */
  readonly key: string;
  /** One sentence, in the form in which it is sent to the provider. */
  readonly text: string;
  readonly provider: string;
  readonly model: string;
  readonly voice: VoiceSettings;
  /** Samples per second and channel. */
  readonly sampleRate: number;
  readonly channels: number;
  /** Length of what is replayed, in milliseconds. */
  readonly audioMs: number;
  /** Of its PCM. */
  readonly bytes: number;
  /** ISO time; of a phrase that was in the cache already, the time at which it was first found there. */
  readonly recordedAt: string;
}

/** Where the phrases kept ready are written down, for all processes of a machine. One that fails costs a process warning. */
export interface PhraseInventory {
  /** Writes a phrase down, in the place of one of the same key. */
  put(phrase: InventoryPhrase): Promise<void>;
  /** Strikes a phrase out; nothing happens when it is not there. */
  drop(key: string): Promise<void>;
  list(): Promise<readonly InventoryPhrase[]>;
}
