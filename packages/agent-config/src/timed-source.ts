import type { Clock } from '@warmline/cache-core';
import { AgentConfigError } from './agent-config-error.ts';
import type { AgentDocument } from './agent-config.ts';
import type { AgentShape } from './agent-shape.ts';
import type { AgentSource, BuiltPrompt } from './agent-source.ts';
import { parseAgentDocument } from './parse-agent-document.ts';

/** An {@link AgentSource} that is never waited for too long, and whose documents are checked. */
export class TimedSource<C> {
  readonly #source: AgentSource;
  readonly #shape: AgentShape<C>;
  readonly #timeoutMs: number;
  readonly #clock: Clock;

  constructor(source: AgentSource, shape: AgentShape<C>, timeoutMs: number, clock: Clock) {
    this.#source = source;
    this.#shape = shape;
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
  }

  /** @throws AgentConfigError when the answer is late or no agent, else what the source throws. */
  async getAgent(agentId: string, signal: AbortSignal): Promise<AgentDocument<C> | null> {
    const document = await this.#call('getAgent', signal, (until) => this.#source.getAgent(agentId, until));
    return document === null ? null : checked(agentId, document, this.#shape);
  }

  get savesPrompts(): boolean {
    return this.#source.savePrompt !== undefined;
  }

  async savePrompt(agentId: string, built: BuiltPrompt): Promise<void> {
    await this.#call('savePrompt', undefined, async (until) => this.#source.savePrompt?.(agentId, built, until));
  }

  async listTopAgents(limit: number): Promise<readonly string[]> {
    const ids = await this.#call('listTopAgents', undefined, async (until) =>
      this.#source.listTopAgents?.(limit, until),
    );
    return ids ?? [];
  }

  /** A source that does not heed its signal is left behind. */
  async #call<T>(name: string, signal: AbortSignal | undefined, call: (until: AbortSignal) => Promise<T>): Promise<T> {
    const late = new AbortController();
    const { promise: tooLate, reject } = Promise.withResolvers<never>();
    const cancel = this.#clock.after(this.#timeoutMs, () => {
      const message = `the agent source did not answer ${name} within ${this.#timeoutMs} ms`;
      const error = new AgentConfigError('ERR_AGENT_SOURCE_TIMEOUT', message);
      reject(error);
      late.abort(error);
    });
    try {
      return await Promise.race([
        call(signal === undefined ? late.signal : AbortSignal.any([signal, late.signal])),
        tooLate,
      ]);
    } finally {
      cancel();
    }
  }
}

function checked<C>(agentId: string, document: unknown, shape: AgentShape<C>): AgentDocument<C> {
  let parsed: AgentDocument<C>;
  try {
    parsed = shape.parse(document);
  } catch (cause) {
    // What a parser of the application says may quote what it has read.
    const fault = cause instanceof TypeError && shape.parse === parseAgentDocument ? `: ${cause.message}` : '';
    throw malformed(agentId, fault, cause);
  }
  if (parsed.agentId !== agentId) throw malformed(agentId, ': agentId must be the one asked for, got another');
  if (!Number.isFinite(parsed.updatedAt)) throw malformed(agentId, ': updatedAt must be a finite number');
  return parsed;
}

function malformed(agentId: string, fault: string, cause?: unknown): AgentConfigError {
  const message = `agent '${agentId}' is malformed${fault}`;
  return new AgentConfigError('ERR_AGENT_MALFORMED', message, cause === undefined ? {} : { cause });
}
