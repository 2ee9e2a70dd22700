/** How an agent sounds; the same fields as those of a TTS. */
export interface AgentVoice {
  /** E.g. `sarvam`. */
  readonly provider: string;
  readonly model: string;
  readonly speaker: string;
  /** 1 is the speaker's own. @default the provider's */
  readonly pace?: number;
}

/** Which model answers. */
export interface AgentModel {
  readonly provider: string;
  readonly model: string;
  /** @default the provider's */
  readonly temperature?: number;
}

/** Something the agent can do besides speaking. */
export interface AgentTool {
  readonly name: string;
  /** What it is for, as the model reads it. */
  readonly description: string;
}

/** What makes an agent the one it is: our own shape. Whoever has another gives `AgentConfigService` a `parse` of their own. */
export interface AgentConfig {
  readonly name: string;
  /** BCP 47, e.g. `hi-IN`: what it speaks unless the caller does otherwise. */
  readonly language: string;
  /** Its first sentence of a call. */
  readonly greeting: string;
  /** Who it is and what it is to do, in the words of its owner. */
  readonly instructions: string;
  readonly voice: AgentVoice;
  readonly model: AgentModel;
  /** What it must always or never do. @default none */
  readonly rules?: readonly string[];
  /** @default none */
  readonly tools?: readonly AgentTool[];
  /** Where it looks for answers. @default none */
  readonly knowledgeBaseIds?: readonly string[];
}

/** An agent as its source keeps it. */
export interface AgentDocument<C = AgentConfig> {
  readonly agentId: string;
  /** Whose agent it is. */
  readonly organizationId: string;
  readonly config: C;
  /** When the config was last changed, in ms since 1970 by the source's clock; grows with every change of the same agent. */
  readonly updatedAt: number;
  /** The prompt that was built when the config was saved; absent in agents older than that. */
  readonly fullPrompt?: string;
  /** Of the builder that made `fullPrompt`. */
  readonly promptVersion?: number;
}

/** An agent as a call needs it first: without its prompt, which may be long and has a cache of its own. */
export type LoadedAgent<C = AgentConfig> = Omit<AgentDocument<C>, 'fullPrompt'>;
