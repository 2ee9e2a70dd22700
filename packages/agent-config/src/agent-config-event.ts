import type { CacheEvent } from '@warmline/cache-core';
import { guarded } from './guarded.ts';

/** What an `AgentConfigService` tells about itself. Never contains a configuration or a prompt; an `error` is as its source made it. */
export type AgentConfigEvent =
  /**
   * The source failed, or answered with something that is no agent: the configuration of `updatedAt` goes on being served.
   * Told once for each agent, until it could be loaded again.
   */
  | { readonly type: 'last-good'; readonly agentId: string; readonly updatedAt: number; readonly error: unknown }
  /** No tier and no source had the prompt. After a rebuild of all prompts, while the source answers, this does not happen. */
  | { readonly type: 'prompt-built'; readonly agentId: string }
  /** A prompt that had to be built could not be saved: it is built again elsewhere. */
  | { readonly type: 'prompt-not-saved'; readonly agentId: string; readonly error: unknown }
  /** The source could not say which agents are most worth having warm. */
  | { readonly type: 'warm-failed'; readonly error: unknown }
  /** What happens in one of the two caches. */
  | { readonly type: 'cache'; readonly cache: 'agents' | 'prompts'; readonly event: CacheEvent };

/** @see AgentConfigEvent */
export type AgentConfigListener = (event: AgentConfigEvent) => void;

/** The listener, or a process warning for what should not happen: nothing is silent. */
export function tellerOf(listener: AgentConfigListener | undefined): AgentConfigListener {
  return listener === undefined ? warn : guarded(listener);
}

function warn(event: AgentConfigEvent): void {
  if (event.type !== 'cache') process.emitWarning(describe(event), { type: 'AgentConfigWarning' });
}

function describe(event: Exclude<AgentConfigEvent, { type: 'cache' }>): string {
  switch (event.type) {
    case 'last-good':
      return `agent '${event.agentId}' is served as it was at ${event.updatedAt}: ${reasonOf(event.error)}`;
    case 'prompt-built':
      return `the prompt of agent '${event.agentId}' had to be built: it was not stored with the agent`;
    case 'prompt-not-saved':
      return `the prompt built for agent '${event.agentId}' was not saved: ${reasonOf(event.error)}`;
    case 'warm-failed':
      return `no agents were warmed: ${reasonOf(event.error)}`;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
