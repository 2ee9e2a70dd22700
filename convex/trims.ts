import { trimChanges, trimRebuilds } from '@warmline/agent-config/convex';
import { v } from 'convex/values';
import { internal } from './_generated/api.js';
import { internalMutation } from './_generated/server.js';

const LIMIT = 1000;

/** Deletes what nobody reads any more; when a transaction cannot hold it all, it calls itself again. */
export const run = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    const changes = await trimChanges(ctx.db, LIMIT);
    const rebuilds = await trimRebuilds(ctx.db, { now: Date.now(), limit: LIMIT });
    if (changes === LIMIT || rebuilds === LIMIT) await ctx.scheduler.runAfter(0, internal.trims.run, {});
    return null;
  },
});
