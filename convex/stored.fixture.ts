import type { PaginationOptions, PaginationResult } from 'convex/server';
import type { Doc, Id } from './_generated/dataModel.js';
import { type Backend, agentConfig } from './backend.fixture.ts';

/** As they were before there were prompts in the database. */
export async function oldAgents(
  t: Backend,
  organizationId: string,
  count: number,
  text = 'x'.repeat(1000),
): Promise<Id<'agents'>[]> {
  const ids: Id<'agents'>[] = [];
  const perMutation = Math.max(1, Math.floor(8_000_000 / (text.length + 1000)));
  while (ids.length < count) {
    await t.run(async (ctx) => {
      const owner = ctx.db.normalizeId('organizations', organizationId);
      if (owner === null) throw new TypeError(`organizationId is ${organizationId}, which names nothing`);
      for (let n = 0; n < perMutation && ids.length < count; n++) {
        const config = agentConfig({ name: `Agent ${ids.length}`, instructions: text });
        ids.push(await ctx.db.insert('agents', { organizationId: owner, config, updatedAt: 1 }));
      }
    });
  }
  return ids;
}

export async function promptsOf(t: Backend): Promise<number> {
  return (await all(t)).filter(({ fullPrompt }) => fullPrompt !== undefined).length;
}

/** Page by page: all at once are more than a transaction may read. */
export async function all(t: Backend): Promise<Doc<'agents'>[]> {
  const agents: Doc<'agents'>[] = [];
  let cursor: string | null = null;
  for (let isDone = false; !isDone;) {
    const options: PaginationOptions = { numItems: 5000, cursor, maximumBytesRead: 8_000_000 };
    const page: PaginationResult<Doc<'agents'>> = await t.run((ctx) => ctx.db.query('agents').paginate(options));
    agents.push(...page.page);
    ({ continueCursor: cursor, isDone } = page);
  }
  return agents;
}
