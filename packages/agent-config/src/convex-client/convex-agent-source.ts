import { ConvexHttpClient } from 'convex/browser';
import { makeFunctionReference } from 'convex/server';
import { z } from 'zod';
import { positive } from '../agent-config-options.ts';
import type { AgentSource, BuiltPrompt } from '../agent-source.ts';
import { faultOf } from '../fault-of.ts';
import { addressOf, checkAccess, withoutSecret } from './convex-access.ts';
import type { ConvexAccess } from './convex-access.ts';

/** The functions that {@link convexAgentSource} calls, as `file:function`. */
export interface AgentFunctionNames {
  /** Query `{ secret, agentId }` → the agent or `null`. @default 'agents:get' */
  readonly get: string;
  /** Mutation `{ secret, agentId, fullPrompt, promptVersion, updatedAt }`. @default 'agents:savePrompt' */
  readonly savePrompt: string;
  /** Query `{ secret, limit }` → ids. @default 'agents:listTop' */
  readonly listTop: string;
}

/** Options of {@link convexAgentSource}. */
export interface ConvexAgentSourceOptions extends ConvexAccess {
  /** How long each call may take, in milliseconds; the service that calls may allow less. @default 2_000 */
  readonly timeoutMs?: number;
  readonly names?: Partial<AgentFunctionNames>;
}

/** Convex takes types for arguments, not interfaces. */
type SavePromptArgs = { secret: string; agentId: string } & { [K in keyof BuiltPrompt]: BuiltPrompt[K] };

const NAMES: AgentFunctionNames = { get: 'agents:get', savePrompt: 'agents:savePrompt', listTop: 'agents:listTop' };
const agentIds = z.array(z.string());

/**
 * Agents in Convex, over HTTP: one call a read. A `ConvexError` of a function is handed on with its data.
 * @throws TypeError when the address, the secret or an option is unusable.
 */
export function convexAgentSource(options: ConvexAgentSourceOptions): AgentSource {
  checkAccess(options);
  const { secret } = options;
  const url = addressOf(options);
  const timeoutMs = positive('timeoutMs', options.timeoutMs ?? 2_000);
  const names = { ...NAMES, ...options.names };
  const get = makeFunctionReference<'query', { secret: string; agentId: string }, unknown>(names.get);
  const save = makeFunctionReference<'mutation', SavePromptArgs>(names.savePrompt);
  const listTop = makeFunctionReference<'query', { secret: string; limit: number }, unknown>(names.listTop);

  /** A client holds no connection, so that each call may have one of its own, with its own signal. */
  const call = async <T>(signal: AbortSignal, run: (client: ConvexHttpClient) => Promise<T>): Promise<T> => {
    const until = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const client = new ConvexHttpClient(url, {
      fetch: (input, init) => fetch(input, { ...init, signal: until }),
      logger: false,
      skipConvexDeploymentUrlCheck: true,
    });
    try {
      return await run(client);
    } catch (error) {
      throw withoutSecret(error, secret);
    }
  };

  return {
    getAgent: (agentId, signal) => call(signal, (client) => client.query(get, { secret, agentId })),
    async savePrompt(agentId, built, signal) {
      await call(signal, (client) => client.mutation(save, { secret, agentId, ...built }));
    },
    async listTopAgents(limit, signal) {
      const ids = await call(signal, (client) => client.query(listTop, { secret, limit }));
      const parsed = agentIds.safeParse(ids);
      if (!parsed.success) throw new TypeError(`${names.listTop}: ${faultOf(parsed.error, ids)}`);
      return parsed.data;
    },
  };
}
