import { beforeEach, expect, test } from 'vitest';
import { api, internal } from './_generated/api.js';
import { type Backend, agentConfig, backend, organization, secret } from './backend.fixture.ts';

let t: Backend;
let organizationId: string;

beforeEach(async () => {
  t = backend();
  organizationId = await organization(t);
});

test('a new source: nothing has changed, and that is all there is', async () => {
  expect(await feed()).toEqual({ changes: [], isWhole: true });
});

test('commits in their order, with a tombstone for what was deleted', async () => {
  const first = await create();
  const second = await create();
  await t.mutation(api.agents.update, { secret, agentId: first, config: agentConfig() });
  const { knowledgeBaseId } = await t.mutation(api.knowledge.createBase, { secret, organizationId, name: 'FAQ' });
  await t.mutation(api.agents.remove, { secret, agentId: second });
  await t.mutation(api.agents.remove, { secret, agentId: second });

  const { changes, isWhole } = await feed();
  expect(isWhole).toBe(true);
  expect(changes.map(({ kind, id, deleted }) => [kind, id, deleted])).toEqual([
    ['agent', first, false],
    ['agent', second, false],
    ['agent', first, false],
    ['knowledge', knowledgeBaseId, false],
    ['agent', second, true],
  ]);
  for (const change of changes) expect(change).toMatchObject({ organizationId, at: expect.any(BigInt) });
  for (let n = 1; n < changes.length; n++) expect(changes[n]!.at).toBeGreaterThan(changes[n - 1]!.at);
});

test('a mutation that fails leaves no change', async () => {
  const changing = t.run(async (ctx) => {
    await ctx.db.insert('changes', {
      at: ctx.db.vars.commitTs,
      kind: 'agent',
      id: 'x',
      organizationId,
      deleted: false,
    });
    throw new Error('afterwards');
  });
  await expect(changing).rejects.toThrow('afterwards');
  expect(await feed()).toEqual({ changes: [], isWhole: true });
});

test('the newest 50 of more; whole only while there are no more, also once the older ones are deleted', async () => {
  const agentId = await create();
  for (let n = 2; n <= 50; n++) await t.mutation(api.agents.update, { secret, agentId, config: agentConfig() });
  const full = await feed();
  expect(full.changes).toHaveLength(50);
  expect(full.isWhole).toBe(true);

  await t.mutation(api.agents.update, { secret, agentId, config: agentConfig() });
  const moved = await feed();
  expect(moved.changes.slice(0, 49)).toEqual(full.changes.slice(1));
  expect(moved).toMatchObject({ changes: { length: 50 }, isWhole: false });

  for (let n = 52; n <= 230; n++) await t.mutation(api.agents.update, { secret, agentId, config: agentConfig() });
  const before = await feed();
  await t.mutation(internal.trims.run, {});
  expect(await t.run((ctx) => ctx.db.query('changes').collect())).toHaveLength(100);
  expect(await feed()).toEqual(before);
  await t.mutation(internal.trims.run, {});
  expect(await feed()).toEqual(before);
});

test('a probe answers with what it was asked', async () => {
  expect(await t.query(api.feed.probe, { secret, tick: 7 })).toBe(7);
});

const feed = () => t.query(api.feed.changes, { secret });
const create = async () =>
  (await t.mutation(api.agents.create, { secret, organizationId, config: agentConfig() })).agentId;
