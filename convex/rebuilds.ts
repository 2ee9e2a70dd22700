import { beginRebuild, rebuildBatch, rebuildProgressValidator } from '@warmline/agent-config/convex';
import { v } from 'convex/values';
import { internalMutation } from './_generated/server.js';

export const begin = internalMutation({
  args: { organizationId: v.optional(v.string()), force: v.optional(v.boolean()) },
  returns: v.id('rebuilds'),
  handler: async (ctx, scope) => await beginRebuild(ctx.db, { ...scope, now: Date.now() }),
});

export const batch = internalMutation({
  args: { rebuildId: v.id('rebuilds'), batchSize: v.optional(v.number()) },
  returns: rebuildProgressValidator,
  handler: async (ctx, options) => await rebuildBatch(ctx.db, { ...options, now: Date.now() }),
});
