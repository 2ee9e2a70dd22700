import { PROMPT_VERSION, beginRebuild, buildPrompt, rebuildBatch, runRebuild } from '@warmline/agent-config/convex';
import { defineSchema } from 'convex/server';
import { convexTest } from 'convex-test';
import { expect, test, vi } from 'vitest';
import { api, internal } from './_generated/api.js';
import type { Id } from './_generated/dataModel.js';
import { type MutationCtx, internalMutation } from './_generated/server.js';
import { type Backend, agentConfig, backend, modules, organization, secret } from './backend.fixture.ts';
import { all, oldAgents, promptsOf } from './stored.fixture.ts';
import * as rebuilds from './rebuilds.ts';
import schema from './schema.ts';

const AGENTS = Number(process.env['WARMLINE_MIGRATION_AGENTS'] ?? 3000);
const BATCH = Math.max(100, Math.ceil(AGENTS / 100));

test(
  `${AGENTS} agents, killed after batch 7 and begun again: each is counted once, and a second run finds nothing to do`,
  { timeout: 60_000 + AGENTS * 20 },
  async () => {
    const killed = { after: 7, batches: 0 };
    const t = backend({ './rebuilds.ts': async () => ({ ...rebuilds, batch: mortal(killed) }) });
    const organizationId = await organization(t);
    await oldAgents(t, organizationId, AGENTS);

    const call = () => t.action(api.agents.rebuildAllPrompts, { secret, batchSize: BATCH });
    await expect(call()).rejects.toThrow('killed');
    expect(await promptsOf(t)).toBe(7 * BATCH);

    killed.after = Infinity;
    const message = `Rebuilt ${AGENTS} prompts, skipped 0 agents that already had prompts`;
    expect(await call()).toEqual({ success: true, total: AGENTS, rebuilt: AGENTS, skipped: 0, message });
    expect(killed.batches).toBe(Math.ceil(AGENTS / BATCH));

    expect(await call()).toMatchObject({ success: true, total: AGENTS, rebuilt: 0, skipped: AGENTS });

    const agents = await all(t);
    expect(agents).toHaveLength(AGENTS);
    for (const agent of agents) {
      expect(agent.fullPrompt).toBe(buildPrompt(agent.config));
      expect(agent).toMatchObject({ promptVersion: PROMPT_VERSION, updatedAt: 1 });
    }
    expect(await t.query(api.feed.changes, { secret })).toEqual({ changes: [], isWhole: true });
  },
);

test('agents that are updated, created and deleted while it runs', async () => {
  const t = backend();
  const organizationId = await organization(t);
  const ids = await oldAgents(t, organizationId, 100);
  const update = (n: number) =>
    t.mutation(api.agents.update, { secret, agentId: ids[n]!, config: agentConfig({ name: `Updated ${n}` }) });
  const updates = new Map<number, number>();
  const meanwhile = [
    async () => {
      for (const n of [5, 15]) updates.set(n, (await update(n)).updatedAt);
    },
    async () => {
      for (const n of [3, 90]) await t.mutation(api.agents.remove, { secret, agentId: ids[n]! });
    },
    async () => void (await t.mutation(api.agents.create, { secret, organizationId, config: agentConfig() })),
  ];

  const rebuildId = await t.mutation(internal.rebuilds.begin, {});
  const report = await runRebuild(async () => {
    const progress = await t.mutation(internal.rebuilds.batch, { rebuildId, batchSize: 10 });
    await meanwhile.shift()?.();
    return progress;
  }, Date.now);

  // Of the 100, one was deleted before its turn, and one had got its prompt by its update; the one created had its own.
  expect(report).toMatchObject({ success: true, total: 100, rebuilt: 98, skipped: 2 });
  for (const [n, updatedAt] of updates) {
    const config = agentConfig({ name: `Updated ${n}` });
    const agent = await t.query(api.agents.get, { secret, agentId: ids[n]! });
    expect(agent).toMatchObject({ config, updatedAt, fullPrompt: buildPrompt(config) });
  }
  const agents = await all(t);
  expect(agents).toHaveLength(99);
  for (const { fullPrompt, config } of agents) expect(fullPrompt).toBe(buildPrompt(config));
});

test('two at once share the work', async () => {
  const t = backend();
  await oldAgents(t, await organization(t), 200);
  const call = () => t.action(api.agents.rebuildAllPrompts, { secret, batchSize: 10 });
  for (const report of await Promise.all([call(), call()])) {
    expect(report).toMatchObject({ success: true, total: 200, rebuilt: 200, skipped: 0 });
  }
  expect(await promptsOf(t)).toBe(200);
});

test('one organisation, and all whether they have a prompt or not', async () => {
  const t = backend();
  const [acme, other] = [await organization(t), await organization(t)];
  await oldAgents(t, acme, 30);
  await oldAgents(t, other, 20);

  const one = { secret, organizationId: acme, batchSize: 7 };
  expect(await t.action(api.agents.rebuildPromptsForOrganization, one)).toMatchObject({ total: 30, rebuilt: 30 });
  expect(await promptsOf(t)).toBe(30);
  expect(await t.action(api.agents.rebuildPromptsForOrganization, one)).toMatchObject({ total: 30, rebuilt: 0 });
  expect(await t.action(api.agents.rebuildPromptsForOrganization, { ...one, organizationId: '' })).toMatchObject({
    total: 0,
    success: true,
  });

  await t.run(async (ctx) => {
    for (const { _id } of await ctx.db.query('agents').take(5))
      await ctx.db.patch('agents', _id, { fullPrompt: 'wrong' });
  });
  expect(await t.action(api.agents.rebuildAllPrompts, { secret, force: false })).toEqual({
    success: true,
    total: 50,
    rebuilt: 20,
    skipped: 30,
    message: 'Rebuilt 20 prompts, skipped 30 agents that already had prompts',
  });
  expect(await t.action(api.agents.rebuildAllPrompts, { secret, force: true })).toMatchObject({
    total: 50,
    rebuilt: 50,
  });
  expect((await all(t)).filter(({ fullPrompt, config }) => fullPrompt !== buildPrompt(config))).toEqual([]);

  for (const batchSize of [0, -1, 2.5, 1001]) {
    const refused = t.action(api.agents.rebuildAllPrompts, { secret, batchSize });
    await expect(refused).rejects.toMatchObject({ data: { code: 'invalid', field: 'batchSize' } });
  }
});

test('a prompt of an older version is built anew, one of a newer is left', async () => {
  const t = backend();
  const [older, newer] = await oldAgents(t, await organization(t), 2);
  await t.run(async (ctx) => {
    await ctx.db.patch('agents', older!, { fullPrompt: 'older', promptVersion: PROMPT_VERSION - 1 });
    await ctx.db.patch('agents', newer!, { fullPrompt: 'newer', promptVersion: PROMPT_VERSION + 1 });
  });
  expect(await t.action(api.agents.rebuildAllPrompts, { secret })).toMatchObject({ rebuilt: 1, skipped: 1 });
  expect((await all(t)).map(({ fullPrompt }) => fullPrompt)).toEqual([expect.stringContaining('Agent 0'), 'newer']);
});

test(
  'large agents: a batch ends before the transaction is full; one that does not fails',
  { timeout: 60_000 },
  async () => {
    const t = backend();
    await oldAgents(t, await organization(t), 44, 'x'.repeat(400_000));

    const tooMany = t.run(async (ctx) => {
      const rebuildId = await beginRebuild(ctx.db, { now: 1 });
      await rebuildBatch(ctx.db, { rebuildId, now: 1, maxBytes: 2 ** 30 });
    });
    await expect(tooMany).rejects.toThrow('Read too much data in a single function execution');
    expect(await promptsOf(t)).toBe(0);

    const call = (force: boolean) => t.action(api.agents.rebuildAllPrompts, { secret, batchSize: 1000, force });
    expect(await call(false)).toMatchObject({ success: true, total: 44, rebuilt: 44 });
    expect(await call(true)).toMatchObject({ success: true, total: 44, rebuilt: 44 });
  },
);

test('a malformed agent is skipped and named, without what is in it', async () => {
  const lax = defineSchema(schema.tables, { schemaValidation: false });
  const t: Backend = convexTest({ schema: lax, modules, transactionLimits: true });
  const [first, second] = await oldAgents(t, await organization(t), 12);
  await t.run(async (ctx) => {
    const { voice: _voice, ...voiceless } = agentConfig({ instructions: 'private' });
    await ctx.db.patch('agents', first!, { config: voiceless as never });
    await ctx.db.patch('agents', second!, { config: agentConfig({ rules: ['ok', { private: 1 }] as never }) });
  });
  const report = await t.action(api.agents.rebuildAllPrompts, { secret, batchSize: 5 });
  expect(report).toMatchObject({ success: true, total: 12, rebuilt: 10, skipped: 2 });
  expect(report.message).toBe(
    'Rebuilt 10 prompts, skipped 0 agents that already had prompts, 2 that are malformed ' +
      `(${first}: config.voice is undefined, allowed is an object; ${second}: config.rules[1] is object, allowed is a string)`,
  );
});

test('an action whose time is nearly over ends, and the next call goes on', async () => {
  let now = Date.now();
  const t = backend({
    './rebuilds.ts': async () => ({ ...rebuilds, batch: wrapped(() => (now += 60_000)) }),
  });
  await oldAgents(t, await organization(t), 100);
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => now);
  const call = () => t.action(api.agents.rebuildAllPrompts, { secret, batchSize: 10 });
  expect(await call()).toEqual({
    success: false,
    total: 80,
    rebuilt: 80,
    skipped: 0,
    message: 'Rebuilt 80 prompts, skipped 0 agents that already had prompts; call again to go on',
  });
  expect(await call()).toMatchObject({ success: true, total: 100, rebuilt: 100 });
  clock.mockRestore();
});

test('a rebuild that nobody went on with for a day is begun anew, and its record is deleted after a month', async () => {
  const t = backend();
  const begin = (now: number) => t.run((ctx) => beginRebuild(ctx.db, { now }));
  const day = 24 * 60 * 60 * 1000;
  const now = Date.now();
  const first = await begin(now - 31 * day);
  expect(await begin(now - 30.5 * day)).toBe(first);
  const second = await begin(now - 30 * day);
  expect(second).not.toBe(first);
  const third = await begin(now);
  await t.mutation(internal.trims.run, {});
  expect(await t.run(async (ctx) => (await ctx.db.query('rebuilds').collect()).map(({ _id }) => _id))).toEqual([third]);
});

/** The batch of a process that is killed: what was committed stays. */
function mortal(life: { after: number; batches: number }): unknown {
  return wrapped(() => {
    if (life.batches === life.after) throw new Error('killed');
    life.batches++;
  });
}

function wrapped(before: () => void): unknown {
  const { _handler } = rebuilds.batch as unknown as { _handler: (ctx: MutationCtx, args: unknown) => Promise<unknown> };
  return internalMutation({
    handler: async (ctx, args: { rebuildId: Id<'rebuilds'> }) => {
      before();
      return await _handler(ctx, args);
    },
  });
}
