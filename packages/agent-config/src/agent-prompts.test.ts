import { describe, expect, test } from 'vitest';
import { configOf, passing, setUp } from './agents.fixture.ts';
import { buildPrompt, PROMPT_VERSION } from './prompt.ts';

const promptOf = (greeting: string): string => buildPrompt(configOf(greeting));

describe('where a prompt comes from', () => {
  test('one read of the source brings it with the configuration; then it is in RAM', async () => {
    const { source, clock, open } = setUp();
    source.put('a', 'Hello', 1);
    source.beforeRead = () => new Promise((resolve) => clock.after(115, resolve));
    const service = open();
    const first = await passing(clock, service.getCachedFullPrompt('a'));
    expect(first).toEqual({ prompt: promptOf('Hello'), source: 'db', latencyMs: 115 });
    expect(await service.getCachedFullPrompt('a')).toEqual({ prompt: promptOf('Hello'), source: 'ram', latencyMs: 0 });
    expect(await open().getCachedFullPrompt('a')).toMatchObject({ source: 'ram' });
    expect(source.reads).toBe(1);
    expect(service.getStats().sources).toEqual({ ram: 1, db: 1, build: 0 });
    expect(source.saved).toEqual([]);
  });

  test('after the configuration was loaded it is in RAM', async () => {
    const { source, open } = setUp();
    source.put('a', 'Hello', 1);
    const service = open();
    await service.loadAgentConfig('a');
    expect(await service.getCachedFullPrompt('a')).toMatchObject({ source: 'ram' });
    expect(source.reads).toBe(1);
  });

  test('it is fetched again when it has expired', async () => {
    const { source, clock, open } = setUp();
    source.put('a', 'Hello', 1);
    const service = open({ ttl: 3_600_000 });
    await service.loadAgentConfig('a');
    await clock.advance(600_001);
    await Promise.all([service.getCachedFullPrompt('a'), service.getCachedFullPrompt('a')]);
    expect(service.getStats().sources).toEqual({ ram: 0, db: 2, build: 0 });
    expect(source.reads).toBe(2);
  });

  test('an agent without one has it built once, told, and saved back in the background', async () => {
    const { source, clock, open, told } = setUp();
    source.putWithoutPrompt('a', 'Hello', 1);
    source.beforeSave = () => new Promise((resolve) => clock.after(1_000, resolve));
    const services = [open(), open()];
    const reads = services.flatMap((one) => [one.getCachedFullPrompt('a'), one.getCachedFullPrompt('a')]);
    const all = await passing(clock, Promise.all(reads));
    for (const one of all) expect(one?.prompt).toBe(promptOf('Hello'));
    expect(told()).toEqual([{ type: 'prompt-built', agentId: 'a' }]);
    expect(source.reads).toBe(1);
    expect(source.saved).toEqual([]);
    // Who waited for another caller of the process has waited for the same.
    expect(services[0]!.getStats().sources).toEqual({ ram: 0, db: 0, build: 2 });
    await clock.advance(1_000);
    expect(source.saved).toEqual([
      { agentId: 'a', built: { fullPrompt: promptOf('Hello'), promptVersion: PROMPT_VERSION, updatedAt: 1 } },
    ]);
    await services[0]!.clearPromptCache('a');
    expect(await services[0]!.getCachedFullPrompt('a')).toMatchObject({ prompt: promptOf('Hello'), source: 'db' });
  });

  test('one of an older builder is built anew', async () => {
    const { source, open, told } = setUp();
    source.put('a', 'Hello', 1, { fullPrompt: 'old words', promptVersion: PROMPT_VERSION - 1 });
    const service = open();
    expect(await service.getCachedFullPrompt('a')).toMatchObject({ prompt: promptOf('Hello'), source: 'build' });
    await service.close();
    expect(source.saved).toHaveLength(1);
    expect(told()).toEqual([{ type: 'prompt-built', agentId: 'a' }]);
  });

  test('a migration while its configuration is cached ends the building', async () => {
    const { source, open } = setUp();
    source.putWithoutPrompt('a', 'Hello', 1);
    const service = open();
    await service.loadAgentConfig('a');
    source.put('a', 'Hello', 1);
    expect(await service.getCachedFullPrompt('a')).toMatchObject({ prompt: promptOf('Hello'), source: 'db' });
    expect(service.getStats().sources.build).toBe(0);
  });

  test.each([
    ['fails', () => Promise.reject(new Error('full')), 'full'],
    ['does not answer', () => new Promise<void>(() => {}), 'the agent source did not answer savePrompt within 2000 ms'],
  ])('that saving %s is an event and nobody waits', async (_, beforeSave, message) => {
    const { source, clock, open, told } = setUp();
    source.putWithoutPrompt('a', 'Hello', 1);
    source.beforeSave = beforeSave;
    expect(await open().getCachedFullPrompt('a')).toMatchObject({ prompt: promptOf('Hello'), source: 'build' });
    await clock.advance(2_000);
    expect(told()).toMatchObject([
      { type: 'prompt-built', agentId: 'a' },
      { type: 'prompt-not-saved', agentId: 'a', error: { message } },
    ]);
  });

  test('closing waits for one that is being saved', async () => {
    const { source, clock, open } = setUp();
    source.putWithoutPrompt('a', 'Hello', 1);
    source.beforeSave = () => new Promise((resolve) => clock.after(1_000, resolve));
    const service = open();
    await service.getCachedFullPrompt('a');
    await passing(clock, service.close());
    expect(source.saved).toHaveLength(1);
  });

  test('1 MiB is a prompt as any other', async () => {
    const { source, open } = setUp();
    const fullPrompt = 'ā'.repeat(2 ** 20);
    source.put('a', 'Hello', 1, { fullPrompt });
    const service = open();
    expect(await service.getCachedFullPrompt('a')).toMatchObject({ source: 'db' });
    const again = await service.getCachedFullPrompt('a');
    expect(again?.source).toBe('ram');
    expect(again?.prompt === fullPrompt).toBe(true);
    expect((await open().getCachedFullPrompt('a'))?.source).toBe('ram');
  });
});

describe('versions', () => {
  test('a new configuration never meets the old prompt, wherever the update comes', async () => {
    // Held back at the first or second read, updated there, with and without news of it.
    for (const heldRead of [1, 2]) {
      for (const isTold of [true, false]) {
        const { source, open } = setUp();
        source.putWithoutPrompt('a', 'Hello', 1);
        const service = open();
        const reached = Promise.withResolvers<void>();
        const go = Promise.withResolvers<void>();
        source.beforeRead = async () => {
          if (source.reads !== heldRead) return;
          reached.resolve();
          await go.promise;
        };
        // The first read is that of the configuration, the second that of the prompt.
        const config = service.loadAgentConfig('a').then(() => {});
        if (heldRead === 2) await config;
        const reading = service.getCachedFullPrompt('a');
        await reached.promise;
        source.put('a', 'Namaste', 2);
        if (isTold) await service.invalidate('a');
        go.resolve();
        await config;
        expect((await reading)?.prompt).toBe(promptOf('Namaste'));
        const now = await service.loadAgentConfig('a');
        expect(now?.config.greeting).toBe('Namaste');
        expect((await service.getCachedFullPrompt('a'))?.prompt).toBe(promptOf('Namaste'));
        await service.close();
        expect(source.saved).toEqual([]);
      }
    }
  });

  test('many who wait for the prompt of an agent that has moved on ask the source a handful of times', async () => {
    const { source, open } = setUp();
    source.put('a', 'Hello', 1);
    const service = open();
    await service.loadAgentConfig('a');
    await service.clearAllPromptCache();
    source.put('a', 'Namaste', 2);
    const all = await Promise.all(Array.from({ length: 1_000 }, () => service.getCachedFullPrompt('a')));
    for (const one of all) expect(one?.prompt).toBe(promptOf('Namaste'));
    expect(source.reads).toBeLessThanOrEqual(4);
    expect(service.getStats().configs.invalidations).toBe(1);
  });

  test('an agent that changes each time it is looked at has the prompt of a configuration it had', async () => {
    const { source, open } = setUp();
    let version = 1;
    source.beforeRead = async () => void source.put('a', `Hello ${++version}`, version);
    const service = open();
    await service.loadAgentConfig('a');
    await service.clearAllPromptCache();
    const found = await service.getCachedFullPrompt('a');
    expect(found).toMatchObject({ prompt: promptOf(`Hello ${version}`), source: 'db' });
  });

  test('an agent that is deleted between the two steps has none', async () => {
    const { source, open } = setUp();
    source.put('a', 'Hello', 1);
    const service = open();
    await service.loadAgentConfig('a');
    await service.clearAllPromptCache();
    source.agents.delete('a');
    expect(await service.getCachedFullPrompt('a')).toBeNull();
  });

  test('one of a newer builder replaces what was built here for the same configuration', async () => {
    const { source, open } = setUp();
    source.putWithoutPrompt('a', 'Hello', 1);
    source.beforeSave = () => Promise.reject(new Error('not now'));
    const service = open();
    expect(await service.getCachedFullPrompt('a')).toMatchObject({ source: 'build' });
    source.put('a', 'Hello', 1, { fullPrompt: 'newer', promptVersion: PROMPT_VERSION + 1 });
    await service.invalidate('a');
    expect(await service.getCachedFullPrompt('a')).toMatchObject({ prompt: 'newer' });
  });

  test('the old prompt stays while its successor is not there, and is swept when it is', async () => {
    const { source, open } = setUp();
    source.put('a', 'Hello', 1);
    const service = open();
    await service.getCachedFullPrompt('a');
    expect(service.getStats().prompts.entries).toBe(1);
    source.fail();
    await service.invalidate('a');
    expect(await service.getCachedFullPrompt('a')).toMatchObject({ prompt: promptOf('Hello'), source: 'ram' });
    source.recover();
    source.put('a', 'Namaste', 2);
    await service.invalidate('a');
    expect(await service.getCachedFullPrompt('a')).toMatchObject({ prompt: promptOf('Namaste') });
    await new Promise(setImmediate);
    expect(service.getStats().prompts.entries).toBe(1);
    // Whatever happens, it cannot come back for the new configuration.
    source.fail();
    await service.invalidate('a');
    expect(await service.getCachedFullPrompt('a')).toMatchObject({ prompt: promptOf('Namaste'), source: 'ram' });
  });

  test('the prompt stays when its agent is loaded again and has not changed', async () => {
    const { source, open } = setUp();
    source.put('a', 'Hello', 1);
    const service = open();
    await service.getCachedFullPrompt('a');
    await service.invalidate('a');
    await service.loadAgentConfig('a');
    await new Promise(setImmediate);
    expect(await service.getCachedFullPrompt('a')).toMatchObject({ source: 'ram' });
    expect(source.reads).toBe(2);
  });

  test('that the source has moved on ends the last good prompt only when the next configuration is there', async () => {
    const { source, clock, open } = setUp();
    source.put('a', 'Hello', 1, { fullPrompt: 'of a newer builder', promptVersion: PROMPT_VERSION + 1 });
    const service = open({ ttl: 3_600_000 });
    await service.getCachedFullPrompt('a');
    await clock.advance(600_001);
    source.put('a', 'Namaste', 2);
    source.beforeRead = async () => {
      if (source.reads > 2) throw new Error('down');
    };
    expect(await service.getCachedFullPrompt('a')).toMatchObject({ prompt: 'of a newer builder', source: 'ram' });
    expect((await service.loadAgentConfig('a'))?.config.greeting).toBe('Hello');
  });
});

test('clearing takes prompts out of all tiers', async () => {
  const { source, clock, open } = setUp();
  for (const id of ['a', 'b']) source.put(id, 'Hello', 1);
  const [one, other] = [open(), open()];
  for (const id of ['a', 'b']) await one.getCachedFullPrompt(id);
  for (const id of ['a', 'b']) expect((await other.getCachedFullPrompt(id))?.source).toBe('ram');
  await one.clearPromptCache('a');
  await clock.advance(2);
  expect((await other.getCachedFullPrompt('b'))?.source).toBe('ram');
  expect((await other.getCachedFullPrompt('a'))?.source).toBe('db');
  await one.clearAllPromptCache();
  await clock.advance(2);
  for (const id of ['a', 'b']) expect((await other.getCachedFullPrompt(id))?.source).toBe('db');
});
