import type { Speech } from './speech.ts';

/** Short enough that an interruption loses little, long enough that a sentence is few frames. */
const SLICE_MS = 50;

/**
 * The replayed part of a sentence in slices of 50 ms. Each owns its memory: rtc-node 0.13 hands the native side the whole
 * buffer of a frame and ignores the view's offset, so a view would play the start of the sentence again and again.
 */
export function* frameSlices(speech: Speech): Generator<Int16Array> {
  const step = Math.max(1, Math.round((speech.sampleRate * SLICE_MS) / 1000));
  for (let at = speech.playFrom; at < speech.playTo; at += step) {
    const until = Math.min(speech.playTo, at + step);
    yield speech.samples.slice(at * speech.channels, until * speech.channels);
  }
}
