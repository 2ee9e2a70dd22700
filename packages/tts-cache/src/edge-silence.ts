/** Quieter than this (about -50 dB of full scale) counts as silence. */
const SILENCE = 100;
/** Silence that a voice may keep at each edge; together they make the pause between two spliced sentences. */
const KEEP_MS = 250;

/**
 * Where replay starts and ends, in samples of one channel: silence at the edges is cut down to a quarter of a second, so that a
 * provider's long tail does not become a hole between two sentences. Within that limit the voice keeps its own pauses.
 */
export function playableRange(
  samples: Int16Array,
  sampleRate: number,
  channels: number,
): { playFrom: number; playTo: number } {
  const frames = samples.length / channels;
  const keep = Math.round((KEEP_MS / 1000) * sampleRate);
  const first = samples.findIndex(isLoud);
  if (first === -1) return { playFrom: 0, playTo: frames };
  const last = samples.findLastIndex(isLoud);
  return {
    playFrom: Math.max(0, Math.floor(first / channels) - keep),
    playTo: Math.min(frames, Math.floor(last / channels) + 1 + keep),
  };
}

function isLoud(sample: number): boolean {
  return sample > SILENCE || sample < -SILENCE;
}
