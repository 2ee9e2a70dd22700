import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentConfig, AgentDocument } from '@warmline/agent-config';
import { ConvexHttpClient } from 'convex/browser';
import { makeFunctionReference } from 'convex/server';
import { monotonicMs } from '../processes/monotonic.ts';
import { serve } from '../processes/serve.ts';
import { Lag } from '../staleness/lag.ts';
import { editionOf, withEdition } from './edition.ts';
import type { Update } from './update.ts';

/** What the process that changes agents can be asked: a dashboard, as Convex sees it. */
export interface UpdaterCalls {
  /** @returns the ids of all agents. */
  open(input: { readonly url: string; readonly secret: string }): Promise<readonly string[]>;
  /** Updates the agents of the list in turn. */
  run(input: { readonly agents: readonly number[]; readonly count: number; readonly perSecond: number }): Promise<{
    readonly updates: readonly Update[];
    /** Why others had no reply. */
    readonly failures: readonly string[];
    readonly lagMs: number;
  }>;
  /** Builds the prompts that agents lack. @returns what the action says. */
  rebuild(input: object): Promise<RebuildAnswer>;
}

/** As the functions promise it. */
export interface RebuildAnswer {
  readonly success: boolean;
  readonly total: number;
  readonly rebuilt: number;
  readonly skipped: number;
  readonly message: string;
}

const MOST_AGENTS = 1000;

type UpdateArgs = { secret: string; agentId: string; config: AgentConfig };
const getAgent = makeFunctionReference<'query', { secret: string; agentId: string }, AgentDocument>('agents:get');
const listTop = makeFunctionReference<'query', { secret: string; limit: number }, string[]>('agents:listTop');
const updateAgent = makeFunctionReference<'mutation', UpdateArgs, { updatedAt: number }>('agents:update');
const rebuildAll = makeFunctionReference<'action', { secret: string }, RebuildAnswer>('agents:rebuildAllPrompts');

interface Known {
  readonly agentId: string;
  readonly config: AgentConfig;
  edition: number;
  /** Updates of one agent come one after another. */
  last: Promise<unknown>;
}

const lag = new Lag();
let client: ConvexHttpClient | undefined;
let secret = '';
let known: Known[] = [];

serve<UpdaterCalls>({
  open: async (input) => {
    ({ secret } = input);
    client = new ConvexHttpClient(input.url, { logger: false, skipConvexDeploymentUrlCheck: true });
    const ids = await client.query(listTop, { secret, limit: MOST_AGENTS });
    known = await Promise.all(
      ids.toSorted().map(async (agentId) => {
        const { config } = await opened().query(getAgent, { secret, agentId });
        // Another part may have updated it before.
        return { agentId, config, edition: editionOf(config.instructions), last: Promise.resolve() };
      }),
    );
    return known.map(({ agentId }) => agentId);
  },
  run: async ({ agents, count, perSecond }) => {
    lag.take();
    const startedMs = monotonicMs();
    const updates: Promise<Update | string>[] = [];
    for (let index = 0; index < count; index++) {
      await sleep(Math.max(0, startedMs + (1000 * index) / perSecond - monotonicMs()));
      updates.push(update(agents[index % agents.length] ?? 0).catch(String));
    }
    const all = await Promise.all(updates);
    return {
      updates: all.filter((one) => typeof one !== 'string'),
      failures: all.filter((one) => typeof one === 'string'),
      lagMs: lag.take(),
    };
  },
  rebuild: () => opened().action(rebuildAll, { secret }),
});

async function update(agent: number): Promise<Update> {
  const { [agent]: one } = known;
  if (one === undefined) throw new Error(`no agent ${agent}`);
  const edition = ++one.edition;
  const { agentId, last } = one;
  const mine = last.then(async () => {
    const sentMs = monotonicMs();
    const args = { secret, agentId, config: withEdition(one.config, edition) };
    await opened().mutation(updateAgent, args, { skipQueue: true });
    return { agent, edition, sentMs, repliedMs: monotonicMs() };
  });
  one.last = mine.catch(() => {});
  return mine;
}

function opened(): ConvexHttpClient {
  if (client === undefined) throw new Error('not open');
  return client;
}
