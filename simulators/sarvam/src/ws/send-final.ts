import { sleep } from '../clock.ts';
import { FINAL_FRAME, audioFrame } from './frames.ts';
import type { Speech } from './speech.ts';
import type { Wire } from './wire.ts';

/** Ends an utterance. Returns frames that a fault keeps back for the start of the socket's next utterance. */
export function sendFinal(speech: Speech, wire: Wire, wanted: boolean): string[] {
  const faults = speech.begun?.faults ?? {};
  const missing = wanted && faults.missing_final !== undefined;
  if (wanted && !missing) {
    wire.send(FINAL_FRAME);
    if (faults.duplicate_final) wire.send(FINAL_FRAME);
  }
  speech.begun?.record.end(!missing);
  if (speech.begun === undefined) return [];
  const stale = audioFrame(speech.begun.record.requestId, 'audio/pcm', speech.lastChunk);
  const after = faults.audio_after_final;
  if (after) {
    void sleep(after.ms ?? 0, wire.signal).then(() => {
      for (let sent = 0; sent < (after.frames ?? 1); sent += 1) wire.send(stale);
    });
  }
  return faults.late_frames ? Array.from({ length: faults.late_frames.frames ?? 1 }, () => stale) : [];
}
