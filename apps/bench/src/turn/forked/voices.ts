import type { Pace } from '../../call/call.ts';
import type { Facts } from '../../scenario.ts';

/** Each has a voice of its own, so that the provider's ledger tells who asked. */
export const FORKED_SPEAKER = 'priya';
export const REFERENCE_SPEAKER = 'ritu';

/** Faster than other calls: it is no part of the times that are measured here, and ten calls follow one another. */
export const FORKED_PACE: Pace = { playbackSpeed: 200, tokenMs: 1 };

/** How a call in a process of its own differs from a real one. */
export const FORKED_OVERRIDES: Facts = {
  forked_playback_speed: FORKED_PACE.playbackSpeed,
  forked_llm_token_ms: FORKED_PACE.tokenMs,
  forked_compile_cache: true,
};
