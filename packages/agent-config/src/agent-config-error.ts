/** @see AgentConfigError */
export type AgentConfigErrorCode =
  /** The source did not answer in time. */
  | 'ERR_AGENT_SOURCE_TIMEOUT'
  /** The source has just failed for another call, so that it was not asked: there is a last good agent. */
  | 'ERR_AGENT_SOURCE_AWAY'
  /** What the source answered is not an agent. */
  | 'ERR_AGENT_MALFORMED';

/** What went wrong on the way to an agent; what a source itself throws is passed on untouched. Names no configuration. */
export class AgentConfigError extends Error {
  readonly code: AgentConfigErrorCode;

  constructor(code: AgentConfigErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AgentConfigError';
    this.code = code;
  }
}
