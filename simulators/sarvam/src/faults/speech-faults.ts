import type { FaultSet } from './fault-set.ts';
import type { FaultName, FaultSpecs } from './fault-specs.ts';

/** The faults that strike one utterance, drawn once at its start. */
export type SpeechFaults = { -readonly [N in FaultName]?: FaultSpecs[N] };

/** What can strike speech over WebSocket. */
export const SOCKET_FAULTS: readonly FaultName[] = [
  'first_chunk_delay',
  'stall',
  'error_frame',
  'close',
  'cut',
  'missing_final',
  'duplicate_final',
  'odd_chunks',
  'late_frames',
  'audio_after_final',
  'non_json_frame',
  'empty_audio',
  'truncate',
];

/** What can strike speech over HTTP. */
export const HTTP_FAULTS: readonly FaultName[] = ['first_chunk_delay', 'stall', 'cut', 'odd_chunks', 'truncate'];

/** Draws each of the named faults for one text. */
export function drawSpeechFaults(faults: FaultSet, names: readonly FaultName[], text: string): SpeechFaults {
  return Object.fromEntries(names.map((name) => [name, faults.draw(name, text)]).filter(([, fault]) => fault));
}

/** The names of the faults that strike. */
export function namesOf(faults: SpeechFaults): string[] {
  return Object.keys(faults);
}

/** Cuts PCM short at a whole sample, where `truncate` strikes. */
export function truncated(pcm: Buffer, faults: SpeechFaults): Buffer {
  const fraction = faults.truncate?.fraction ?? 1;
  return pcm.subarray(0, Math.floor((pcm.length / 2) * fraction) * 2);
}
