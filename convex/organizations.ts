import { requireSecret, secretArgs } from '@warmline/agent-config/convex';
import { v } from 'convex/values';
import { mutation } from './_generated/server.js';

export const create = mutation({
  args: { ...secretArgs, name: v.string() },
  returns: v.object({ organizationId: v.string() }),
  handler: async (ctx, { secret, name }) => {
    requireSecret(secret);
    return { organizationId: await ctx.db.insert('organizations', { name }) };
  },
});
