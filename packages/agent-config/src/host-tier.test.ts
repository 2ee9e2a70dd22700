import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openHostTier } from '@warmline/cache-lmdb';
import type { HostTier } from '@warmline/cache-lmdb';
import { expect, onTestFinished, test } from 'vitest';
import { AgentConfigService } from './agent-config-service.ts';
import { AgentsFixture, configOf } from './agents.fixture.ts';
import { buildPrompt } from './prompt.ts';

async function openTier(): Promise<HostTier> {
  const directory = await mkdtemp(join(tmpdir(), 'agent-config-'));
  const tier = openHostTier({ directory });
  if (tier === undefined) throw new Error('there is no host tier here');
  onTestFinished(async () => {
    await tier.close();
    await rm(directory, { recursive: true });
  });
  return tier;
}

test('over a real host tier: one read for all, an update for all, the last good agent for a new one, and 1 MiB', async () => {
  const tiers = [await openTier()];
  const source = new AgentsFixture();
  const events: string[] = [];
  const open = (): AgentConfigService =>
    new AgentConfigService({ source, tiers, onEvent: ({ type }) => void (type !== 'cache' && events.push(type)) });
  const fullPrompt = 'ā'.repeat(2 ** 20);
  source.put('a', 'Hello', 1);
  source.put('large', 'Hello', 1, { fullPrompt });
  source.beforeRead = () => new Promise((resolve) => setTimeout(resolve, 100));

  const services = Array.from({ length: 8 }, open);
  const all = services.flatMap((service) => Array.from({ length: 13 }, () => service.getCachedFullPrompt('a')));
  const prompts = new Set((await Promise.all(all)).map((found) => found?.prompt));
  expect([...prompts]).toEqual([buildPrompt(configOf('Hello'))]);
  expect(source.reads).toBe(1);

  expect((await services[0]!.getCachedFullPrompt('large'))?.source).toBe('db');
  const large = await services[1]!.getCachedFullPrompt('large');
  expect(large?.source).toBe('ram');
  expect(large?.prompt === fullPrompt).toBe(true);

  source.put('a', 'Namaste', 2);
  await services[0]!.invalidate('a');
  await new Promise((resolve) => setTimeout(resolve, 5));
  for (const service of services) {
    expect((await service.loadAgentConfig('a'))?.config.greeting).toBe('Namaste');
    expect((await service.getCachedFullPrompt('a'))?.prompt).toBe(buildPrompt(configOf('Namaste')));
  }
  expect(source.reads).toBe(3);

  source.fail();
  await services[0]!.invalidate('a');
  expect((await open().loadAgentConfig('a'))?.config.greeting).toBe('Namaste');
  expect(await open().getCachedFullPrompt('a')).toMatchObject({ source: 'ram' });
  expect(events).toEqual(['last-good', 'last-good']);
});
