import { expect, test } from 'vitest';
import { api, internal } from './_generated/api.js';
import { backend, secret } from './backend.fixture.ts';

test('the demo: agents with prompts, knowledge that is found, and all of it in the feed', async () => {
  const t = backend();
  const { organizationId, knowledgeBaseId, agentIds } = await t.mutation(internal.seed.demo, {});
  expect(new Set(agentIds).size).toBe(20);
  for (const agentId of agentIds) {
    const agent = await t.query(api.agents.get, { secret, agentId });
    expect(agent).toMatchObject({ organizationId, config: { knowledgeBaseIds: [knowledgeBaseId] } });
    expect(agent?.fullPrompt).toContain(agent?.config.name);
  }
  const found = await t.action(api.knowledge.search, { secret, organizationId, text: 'fees', limit: 3 });
  expect(found[0]?.text).toContain('500 rupees');
  const { changes } = await t.query(api.feed.changes, { secret });
  expect(changes.map(({ id }) => id)).toEqual([knowledgeBaseId, ...agentIds]);
});
