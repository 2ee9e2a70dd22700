/** A prompt that had to be built because its agent had none. */
export interface BuiltPrompt {
  readonly fullPrompt: string;
  readonly promptVersion: number;
  /** Of the config it was built of: if that has changed meanwhile, the source keeps its own prompt. */
  readonly updatedAt: number;
}

/** Where agents come from: Convex (`@warmline/agent-config/convex-client`), another database, a file. */
export interface AgentSource {
  /**
   * One agent with its prompt, as it is stored: what comes back is checked by the service.
   * @returns `null` when there is no such agent.
   * @throws when the source cannot tell; the last good agent is served then.
   */
  getAgent(agentId: string, signal: AbortSignal): Promise<unknown>;
  /** Keeps a prompt that had to be built, unless the agent has changed since. @default such a prompt is built again elsewhere */
  savePrompt?(agentId: string, built: BuiltPrompt, signal: AbortSignal): Promise<void>;
  /** Those most worth having warm, best first. @default nothing is warmed */
  listTopAgents?(limit: number, signal: AbortSignal): Promise<readonly string[]>;
}
