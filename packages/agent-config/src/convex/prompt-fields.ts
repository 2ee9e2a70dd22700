import { getConvexSize } from 'convex/values';
import type { AgentConfig } from '../agent-config.ts';
import { PROMPT_VERSION, buildPrompt } from '../prompt.ts';

/** What is stored of a prompt: to be patched as it is, so that an old prompt goes where the new one does not fit. */
export type PromptFields =
  | { readonly fullPrompt: string; readonly promptVersion: number }
  | { readonly fullPrompt: undefined; readonly promptVersion: undefined };

/** Convex refuses a document above 1 MiB; the rest is for the fields of others. */
const MAX_BYTES = 1_000_000;

/**
 * The prompt of a config, to be stored in the mutation that stores the config.
 *
 * Config and prompt share a document. Where they would not fit together, a text of about half a megabyte, none is stored, and
 * workers build it.
 */
export function promptFields(config: AgentConfig): PromptFields {
  return fittingPrompt(config, buildPrompt(config), PROMPT_VERSION);
}

/** A prompt as it may be stored beside its config: see {@link promptFields}. */
export function fittingPrompt(config: unknown, fullPrompt: string, promptVersion: number): PromptFields {
  return sizeOf(config) + sizeOf(fullPrompt) <= MAX_BYTES
    ? { fullPrompt, promptVersion }
    : { fullPrompt: undefined, promptVersion: undefined };
}

function sizeOf(value: unknown): number {
  return getConvexSize(value as Parameters<typeof getConvexSize>[0]);
}
