import {
  type RebuildReport,
  agentConfigValidator,
  agentDocumentValidator,
  appendChange,
  fittingPrompt,
  promptFields,
  rebuildReportValidator,
  requireSecret,
  runRebuild,
  secretArgs,
} from '@warmline/agent-config/convex';
import { v } from 'convex/values';
import { internal } from './_generated/api.js';
import type { Doc, Id } from './_generated/dataModel.js';
import { type ActionCtx, type QueryCtx, action, mutation, query } from './_generated/server.js';
import { notFound, requireWhole } from './refusals.ts';

/** What workers read before a call: it depends on nothing but its arguments, so that Convex serves it from its cache. */
export const get = query({
  args: { ...secretArgs, agentId: v.string() },
  returns: v.union(agentDocumentValidator, v.null()),
  handler: async (ctx, { secret, agentId }) => {
    requireSecret(secret);
    const agent = await find(ctx, agentId);
    if (agent === null) return null;
    const { _id, _creationTime, ...fields } = agent;
    return { agentId: _id, ...fields };
  },
});

/** Those changed last. Fewer than the limit where agents are so large that a query cannot read as many. */
export const listTop = query({
  args: { ...secretArgs, limit: v.number() },
  returns: v.array(v.string()),
  handler: async (ctx, { secret, limit }) => {
    requireSecret(secret);
    requireWhole('limit', limit, 1, 1000);
    const { page } = await ctx.db
      .query('agents')
      .withIndex('by_updatedAt')
      .order('desc')
      .paginate({ numItems: limit, cursor: null, maximumBytesRead: MAX_LIST_BYTES });
    return page.map(({ _id }) => _id);
  },
});

/** A query may read 16 MiB; the last agent may exceed this by 1 MiB. */
const MAX_LIST_BYTES = 14 * 2 ** 20;

export const create = mutation({
  args: { ...secretArgs, organizationId: v.string(), config: agentConfigValidator },
  returns: v.object({ agentId: v.string(), updatedAt: v.number() }),
  handler: async (ctx, { secret, organizationId, config }) => {
    requireSecret(secret);
    const owner = ctx.db.normalizeId('organizations', organizationId);
    if (owner === null || (await ctx.db.get('organizations', owner)) === null) throw notFound('organizationId');
    const updatedAt = Date.now();
    const prompt = promptFields(config);
    const agentId = await ctx.db.insert('agents', {
      organizationId: owner,
      config,
      updatedAt,
      ...(prompt.fullPrompt !== undefined && prompt),
    });
    await appendChange(ctx.db, { kind: 'agent', id: agentId, organizationId, deleted: false });
    return { agentId, updatedAt };
  },
});

export const update = mutation({
  args: { ...secretArgs, agentId: v.string(), config: agentConfigValidator },
  returns: v.object({ updatedAt: v.number() }),
  handler: async (ctx, { secret, agentId, config }) => {
    requireSecret(secret);
    const agent = await find(ctx, agentId);
    if (agent === null) throw notFound('agentId');
    // Clocks of servers differ, and a version must never come twice.
    const updatedAt = Math.max(Date.now(), agent.updatedAt + 1);
    await ctx.db.patch('agents', agent._id, { config, updatedAt, ...promptFields(config) });
    await appendChange(ctx.db, { kind: 'agent', id: agent._id, organizationId: agent.organizationId, deleted: false });
    return { updatedAt };
  },
});

export const remove = mutation({
  args: { ...secretArgs, agentId: v.string() },
  returns: v.null(),
  handler: async (ctx, { secret, agentId }) => {
    requireSecret(secret);
    const agent = await find(ctx, agentId);
    if (agent === null) return null;
    await ctx.db.delete('agents', agent._id);
    await appendChange(ctx.db, { kind: 'agent', id: agent._id, organizationId: agent.organizationId, deleted: true });
    return null;
  },
});

/** Keeps a prompt that a worker had to build: unless the agent has changed meanwhile, or has one as new. */
export const savePrompt = mutation({
  args: {
    ...secretArgs,
    agentId: v.string(),
    fullPrompt: v.string(),
    promptVersion: v.number(),
    updatedAt: v.number(),
  },
  returns: v.object({ saved: v.boolean() }),
  handler: async (ctx, { secret, agentId, fullPrompt, promptVersion, updatedAt }) => {
    requireSecret(secret);
    const agent = await find(ctx, agentId);
    if (agent === null || agent.updatedAt !== updatedAt || hasPrompt(agent, promptVersion)) return { saved: false };
    const prompt = fittingPrompt(agent.config, fullPrompt, promptVersion);
    if (prompt.fullPrompt === undefined) return { saved: false };
    await ctx.db.patch('agents', agent._id, prompt);
    return { saved: true };
  },
});

const rebuildArgs = { ...secretArgs, force: v.optional(v.boolean()), batchSize: v.optional(v.number()) };

/** Builds the prompts that agents of all organisations lack; called again, it goes on where it was. */
export const rebuildAllPrompts = action({
  args: rebuildArgs,
  returns: rebuildReportValidator,
  handler: async (ctx, { secret, ...options }): Promise<RebuildReport> => {
    requireSecret(secret);
    return await rebuildPrompts(ctx, options);
  },
});

/** Builds the prompts that agents of one organisation lack; called again, it goes on where it was. */
export const rebuildPromptsForOrganization = action({
  args: { ...rebuildArgs, organizationId: v.string() },
  returns: rebuildReportValidator,
  handler: async (ctx, { secret, ...options }): Promise<RebuildReport> => {
    requireSecret(secret);
    return await rebuildPrompts(ctx, options);
  },
});

interface RebuildOptions {
  readonly organizationId?: string;
  readonly force?: boolean;
  readonly batchSize?: number;
}

async function rebuildPrompts(ctx: ActionCtx, { batchSize, ...scope }: RebuildOptions): Promise<RebuildReport> {
  if (batchSize !== undefined) requireWhole('batchSize', batchSize, 1, 1000);
  const rebuildId: Id<'rebuilds'> = await ctx.runMutation(internal.rebuilds.begin, scope);
  const batch = batchSize === undefined ? { rebuildId } : { rebuildId, batchSize };
  return await runRebuild(() => ctx.runMutation(internal.rebuilds.batch, batch), Date.now);
}

async function find(ctx: QueryCtx, agentId: string): Promise<Doc<'agents'> | null> {
  const id = ctx.db.normalizeId('agents', agentId);
  return id === null ? null : await ctx.db.get('agents', id);
}

function hasPrompt(agent: Doc<'agents'>, promptVersion: number): boolean {
  return agent.fullPrompt !== undefined && (agent.promptVersion ?? 0) >= promptVersion;
}
