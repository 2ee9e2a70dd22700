import { convexTest } from 'convex-test';
import { defineSchema, defineTable } from 'convex/server';
import { v } from 'convex/values';
import { expect, test } from 'vitest';
import { beginRebuild } from './begin-rebuild.ts';
import { appendChange, newestChanges } from './change-log.ts';
import { fittingPrompt } from './prompt-fields.ts';
import { rebuildBatch } from './rebuild-batch.ts';
import { runRebuild } from './run-rebuild.ts';
import { changesTable, rebuildsTable } from './tables.ts';

/** A project that was there before Warmline: with agents of its own shape. */
const schema = defineSchema({
  teams: defineTable({ slug: v.string() }),
  agents: defineTable({
    slug: v.string(),
    organizationId: v.id('teams'),
    config: v.object({ title: v.string(), script: v.array(v.string()) }),
    updatedAt: v.number(),
    fullPrompt: v.optional(v.string()),
    promptVersion: v.optional(v.number()),
  })
    .index('by_slug', ['slug'])
    .index('by_organizationId', ['organizationId']),
  changes: changesTable,
  rebuilds: rebuildsTable,
});

const promptVersion = 7;

function promptOf(config: unknown) {
  const { title, script } = config as { title: string; script: string[] };
  if (script.length === 0) throw new TypeError('config.script has no line');
  return fittingPrompt(config, `${title}: ${script.join(' ')}`, promptVersion);
}

test('a project with agents of another shape rebuilds its own prompts, and has the same feed', async () => {
  const t = convexTest({ schema, modules: { './_generated/api.js': async () => ({}) }, transactionLimits: true });
  const teamId = await t.run(async (ctx) => {
    const organizationId = await ctx.db.insert('teams', { slug: 'acme' });
    for (let n = 0; n < 25; n++) {
      const config = { title: `Agent ${n}`, script: n === 13 ? [] : ['Hello.', 'Goodbye.'] };
      const id = await ctx.db.insert('agents', { slug: `${n}`, organizationId, config, updatedAt: n });
      await appendChange(ctx.db, { kind: 'agent', id, organizationId, deleted: false });
    }
    return organizationId;
  });

  const rebuildId = await t.run((ctx) => beginRebuild(ctx.db, { organizationId: teamId, now: 1, promptVersion }));
  const report = await runRebuild(
    () => t.run((ctx) => rebuildBatch(ctx.db, { rebuildId, batchSize: 10, now: 1, promptOf, promptVersion })),
    () => 0,
  );
  expect(report).toMatchObject({ success: true, total: 25, rebuilt: 24, skipped: 1 });
  expect(report.message).toMatch(/, 1 that are malformed \(\w+: config\.script has no line\)$/);
  const agents = await t.run((ctx) => ctx.db.query('agents').collect());
  expect(agents[3]).toMatchObject({
    slug: '3',
    updatedAt: 3,
    fullPrompt: 'Agent 3: Hello. Goodbye.',
    promptVersion: 7,
  });

  const { changes, isWhole } = await t.run((ctx) => newestChanges(ctx.db));
  expect(changes.map(({ id }) => id)).toEqual(agents.map(({ _id }) => _id));
  expect(isWhole).toBe(true);
});
