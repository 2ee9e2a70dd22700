/** Why spoken audio is not kept. */
export type Doubt = 'no-audio' | 'silent' | 'too-short' | 'too-long';

/** Fastest speech that is believed, in characters a second; live Sarvam speech has 16, at its fastest pace (3.0) 47. */
const MAX_CHARACTERS_A_SECOND = 60;
/** Slowest: numbers and symbols are long when spoken ("₹1,25,000"), and so is a pace of 0.3. */
const MIN_CHARACTERS_A_SECOND = 1;
/** Edge silence and short exclamations. */
const SLACK_SECONDS = 5;
/** Below 1/300 of full scale nothing can be heard on a phone line. */
const AUDIBLE = 110;

/**
 * Judges whether audio can be the whole of a sentence. A provider that breaks off without saying so is caught only when it
 * breaks off early: the bounds are wide, because a wrong refusal costs money at every repetition.
 */
export function doubtSpeech(
  sentence: string,
  samples: Int16Array,
  sampleRate: number,
  channels: number,
): Doubt | undefined {
  if (samples.length === 0) return 'no-audio';
  if (!samples.some((sample) => sample > AUDIBLE || sample < -AUDIBLE)) return 'silent';
  const seconds = samples.length / channels / sampleRate;
  const characters = [...sentence].length;
  if (seconds < characters / MAX_CHARACTERS_A_SECOND) return 'too-short';
  if (seconds > characters / MIN_CHARACTERS_A_SECOND + SLACK_SECONDS) return 'too-long';
  return undefined;
}
