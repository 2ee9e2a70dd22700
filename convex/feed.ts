import { changeWindowValidator, newestChanges, requireSecret, secretArgs } from '@warmline/agent-config/convex';
import { v } from 'convex/values';
import { query } from './_generated/server.js';

/** What changed last. All subscribers give the same arguments, so that Convex runs it once for each commit, however many they are. */
export const changes = query({
  args: secretArgs,
  returns: changeWindowValidator,
  handler: async (ctx, { secret }) => {
    requireSecret(secret);
    return await newestChanges(ctx.db);
  },
});

/** Reads nothing: its answer proves that the way from here to the caller is open. */
export const probe = query({
  args: { ...secretArgs, tick: v.number() },
  returns: v.number(),
  handler: async (_ctx, { secret, tick }) => {
    requireSecret(secret);
    return tick;
  },
});
