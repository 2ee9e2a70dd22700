import { PROMPT_VERSION, buildPrompt } from '@warmline/agent-config/convex';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { api } from './_generated/api.js';
import { type Backend, agentConfig, backend, organization, secret } from './backend.fixture.ts';

const GOLDEN = `You are Asha, a voice agent on a phone call. You speak hi-IN unless the caller speaks another language.

## What you do
You book appointments.

## Rules
- Answer in one to three short sentences, without lists, headings or emoji.
- Say numbers, dates and amounts the way people say them.
- If you do not know, say so and offer what you can do instead.
- Never give medical advice.

## Tools
- book: Books an appointment.

## How the call began
You have already said: "नमस्ते! \\"कैसे\\" हैं आप?"`;

let t: Backend;
let organizationId: string;

beforeEach(async () => {
  t = backend();
  organizationId = await organization(t);
});

afterEach(() => {
  vi.restoreAllMocks();
});

test('an agent is created with its prompt, and read as workers expect it', async () => {
  const { agentId, updatedAt } = await create();
  const config = agentConfig();
  expect(await get(agentId)).toEqual({
    agentId,
    organizationId,
    config,
    updatedAt,
    fullPrompt: GOLDEN,
    promptVersion: PROMPT_VERSION,
  });
});

test('the prompt is the same, byte for byte, by create, update, on demand and by rebuild', async () => {
  const { agentId } = await create({ name: 'Other' });
  await update(agentId);
  expect((await get(agentId))?.fullPrompt).toBe(GOLDEN);

  await withoutPrompt(agentId);
  const { updatedAt } = (await get(agentId))!;
  const built = { fullPrompt: buildPrompt(agentConfig()), promptVersion: PROMPT_VERSION, updatedAt };
  expect(await t.mutation(api.agents.savePrompt, { secret, agentId, ...built })).toEqual({ saved: true });
  expect((await get(agentId))?.fullPrompt).toBe(GOLDEN);

  await withoutPrompt(agentId);
  await t.action(api.agents.rebuildAllPrompts, { secret });
  expect((await get(agentId))?.fullPrompt).toBe(GOLDEN);
});

test('versions of an agent grow, also when the clock stands still or goes back', async () => {
  const { agentId, updatedAt } = await create();
  const now = vi.spyOn(Date, 'now').mockReturnValue(updatedAt - 5000);
  expect(await update(agentId)).toEqual({ updatedAt: updatedAt + 1 });
  expect(await update(agentId)).toEqual({ updatedAt: updatedAt + 2 });
  now.mockReturnValue(updatedAt + 5000);
  expect(await update(agentId)).toEqual({ updatedAt: updatedAt + 5000 });
});

test('an agent that is not there', async () => {
  const { agentId } = await create();
  expect(await t.mutation(api.agents.remove, { secret, agentId })).toBeNull();
  for (const id of [agentId, organizationId, '', 'nobody', '🙂', 'x'.repeat(10_000)]) {
    expect(await get(id)).toBeNull();
    expect(await t.mutation(api.agents.remove, { secret, agentId: id })).toBeNull();
    await expect(update(id)).rejects.toMatchObject({ data: { code: 'not_found', field: 'agentId' } });
    const save = { fullPrompt: 'x', promptVersion: 1, updatedAt: 1 };
    expect(await t.mutation(api.agents.savePrompt, { secret, agentId: id, ...save })).toEqual({ saved: false });
  }
  await expect(create({}, 'nobody')).rejects.toMatchObject({ data: { code: 'not_found', field: 'organizationId' } });
});

test('a prompt built on demand is refused when the agent has changed, or has one as new', async () => {
  const { agentId, updatedAt } = await create();
  const save = async (built: { updatedAt: number; promptVersion: number }) =>
    (await t.mutation(api.agents.savePrompt, { secret, agentId, fullPrompt: 'built', ...built })).saved;

  expect(await save({ updatedAt, promptVersion: PROMPT_VERSION })).toBe(false);
  expect(await save({ updatedAt: updatedAt - 1, promptVersion: PROMPT_VERSION + 1 })).toBe(false);
  expect(await save({ updatedAt, promptVersion: PROMPT_VERSION + 1 })).toBe(true);
  expect(await save({ updatedAt, promptVersion: PROMPT_VERSION })).toBe(false);
  expect(await get(agentId)).toMatchObject({ updatedAt, fullPrompt: 'built', promptVersion: PROMPT_VERSION + 1 });
  expect((await t.query(api.feed.changes, { secret })).changes).toHaveLength(1);
});

test('a prompt that does not fit into the document of its config is not stored, and no older one either', async () => {
  const { agentId } = await create({ instructions: 'क'.repeat(150_000) });
  expect((await get(agentId))?.fullPrompt?.length).toBeGreaterThan(150_000);

  await update(agentId, { instructions: 'क'.repeat(300_000) });
  const large = (await get(agentId))!;
  expect(large.config.instructions).toHaveLength(300_000);
  expect(large).not.toHaveProperty('fullPrompt');
  expect(large).not.toHaveProperty('promptVersion');
  const built = { fullPrompt: buildPrompt(large.config), promptVersion: PROMPT_VERSION, updatedAt: large.updatedAt };
  expect(await t.mutation(api.agents.savePrompt, { secret, agentId, ...built })).toEqual({ saved: false });
  expect(await t.action(api.agents.rebuildAllPrompts, { secret })).toMatchObject({
    success: true,
    total: 1,
    skipped: 1,
  });

  expect(await create({ instructions: 'क'.repeat(300_000) })).toHaveProperty('agentId');
});

test('the agents changed last, as many as a query can read', async () => {
  const ids: string[] = [];
  for (let n = 0; n < 5; n++) ids.push((await create()).agentId);
  vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 1000);
  await update(ids[1]!);
  vi.mocked(Date.now).mockReturnValue(Date.now() + 2000);
  await update(ids[3]!);
  expect(await t.query(api.agents.listTop, { secret, limit: 2 })).toEqual([ids[3], ids[1]]);
  for (const limit of [0, -1, 1.5, 1001, Number.NaN]) {
    const message = `limit is ${limit}, allowed is a whole number from 1 to 1000`;
    await expect(t.query(api.agents.listTop, { secret, limit })).rejects.toMatchObject({
      data: { code: 'invalid', message },
    });
  }

  for (let n = 0; n < 40; n++) await create({ instructions: 'x'.repeat(400_000) });
  const top = await t.query(api.agents.listTop, { secret, limit: 1000 });
  expect(top.length).toBeGreaterThan(10);
  expect(top.length).toBeLessThan(40);
});

const get = (agentId: string) => t.query(api.agents.get, { secret, agentId });
const create = (changed = {}, owner = organizationId) =>
  t.mutation(api.agents.create, { secret, organizationId: owner, config: agentConfig(changed) });
const update = (agentId: string, changed = {}) =>
  t.mutation(api.agents.update, { secret, agentId, config: agentConfig(changed) });

async function withoutPrompt(agentId: string): Promise<void> {
  await t.run(async (ctx) => {
    const id = ctx.db.normalizeId('agents', agentId)!;
    await ctx.db.patch('agents', id, { fullPrompt: undefined, promptVersion: undefined });
  });
}
