import type { AgentConfig, AgentDocument } from './agent-config.ts';
import { parseAgentDocument } from './parse-agent-document.ts';
import { buildPrompt, PROMPT_VERSION } from './prompt.ts';

/** What a service must know of a configuration: how it is told from something else, and what prompt it makes. */
export interface AgentShape<C> {
  /** The document as it is to be served. @throws when it is none; the last good one is served then. */
  readonly parse: (document: unknown) => AgentDocument<C>;
  /** The prompt of a configuration; the same text as the source's own for the same `promptVersion`. */
  readonly build: (config: C) => string;
  /** Grows whenever `build` gives another text for the same configuration: stored prompts of an older one are not used. */
  readonly promptVersion: number;
  /**
   * Grows when `parse` gives something else for the same document, 0 to 65,535: what workers of another version have kept is read anew.
   * @default 0
   */
  readonly version?: number;
}

/** Of the configurations this package defines. */
export const OWN_SHAPE: AgentShape<AgentConfig> = Object.freeze({
  parse: parseAgentDocument,
  build: buildPrompt,
  promptVersion: PROMPT_VERSION,
});
