import { MemoryBus, MemorySharedTier } from '@warmline/cache-core';
import type { Bus } from '@warmline/cache-core';
import { FakeClock } from '@warmline/cache-core/testing';
import { describe, expect, test, vi } from 'vitest';
import { AgentConfigService } from './agent-config-service.ts';
import type { AgentDocument } from './agent-config.ts';
import type { AgentShape } from './agent-shape.ts';
import { AgentsFixture, configOf, passing, setUp } from './agents.fixture.ts';
import { buildPrompt, PROMPT_VERSION } from './prompt.ts';
import type { WatchState } from './watch-state.ts';

const DAY_MS = 24 * 3_600_000;

describe('a configuration', () => {
  test('comes without its prompt, is read once by all processes of a machine, and lives 60 s', async () => {
    const { source, clock, open } = setUp();
    const { fullPrompt: _, ...agent } = source.put('a', 'Hello', 1);
    const services = Array.from({ length: 8 }, () => open());
    const reads = services.flatMap((service) => Array.from({ length: 13 }, () => service.loadAgentConfig('a')));
    const startedMs = clock.now();
    const all = await passing(clock, Promise.all(reads));
    expect(all).toHaveLength(104);
    for (const one of all) expect(one).toEqual(agent);
    expect(source.reads).toBe(1);
    await clock.advance(startedMs + 59_999 - clock.now());
    await services[0]!.loadAgentConfig('a');
    expect(source.reads).toBe(1);
    await clock.advance(2);
    await services[0]!.loadAgentConfig('a');
    expect(source.reads).toBe(2);
  });

  test('lives 300 s where there is high traffic, and as long as is said', async () => {
    for (const [options, ttl] of [
      [{ profile: 'high' }, 300_000],
      [{ ttl: 1_000 }, 1_000],
      [{ profile: 'high', ttl: 2_000 }, 2_000],
    ] as const) {
      const { source, clock, open } = setUp();
      source.put('a', 'Hello', 1);
      const service = open(options);
      await service.loadAgentConfig('a');
      await clock.advance(ttl - 1);
      await service.loadAgentConfig('a');
      expect(source.reads).toBe(1);
      await clock.advance(2);
      await service.loadAgentConfig('a');
      expect(source.reads).toBe(2);
    }
  });

  test('of an unknown agent is null for 10 s, or until a change is heard', async () => {
    const { source, clock, open } = setUp();
    const service = open();
    expect(await service.loadAgentConfig('a')).toBeNull();
    expect(await service.getCachedFullPrompt('a')).toBeNull();
    expect(source.reads).toBe(1);
    await clock.advance(10_001);
    expect(await service.loadAgentConfig('a')).toBeNull();
    expect(source.reads).toBe(2);
    source.put('a', 'Hello', 1);
    await service.applyChange({ at: 1n, kind: 'agent', id: 'a', organizationId: 'acme', deleted: false });
    expect((await service.loadAgentConfig('a'))?.config.greeting).toBe('Hello');
  });

  test('is new for every process as soon as a change has been applied', async () => {
    const { source, clock, open } = setUp();
    source.put('a', 'Hello', 1);
    const [one, other] = [open(), open()];
    for (const service of [one, other]) await service.loadAgentConfig('a');
    source.put('a', 'Namaste', 2);
    await one.invalidate('a');
    // How long a process may take to look into the journal of its machine.
    await clock.advance(2);
    expect((await one.loadAgentConfig('a'))?.config.greeting).toBe('Namaste');
    expect((await other.loadAgentConfig('a'))?.config.greeting).toBe('Namaste');
    source.put('a', 'Vanakkam', 3);
    await other.invalidateAll();
    await clock.advance(2);
    expect((await one.loadAgentConfig('a'))?.config.greeting).toBe('Vanakkam');
  });

  test('that is older than one seen before is served, and not kept', async () => {
    const { source, open } = setUp();
    source.put('a', 'Namaste', 2);
    const service = open();
    await service.loadAgentConfig('a');
    // A replica that lags behind.
    source.put('a', 'Hello', 1);
    await service.invalidate('a');
    expect((await service.loadAgentConfig('a'))?.config.greeting).toBe('Hello');
    source.put('a', 'Vanakkam', 3);
    expect((await service.loadAgentConfig('a'))?.config.greeting).toBe('Vanakkam');
  });

  test('of another machine is invalidated by the bus', async () => {
    const clock = new FakeClock();
    const bus = new MemoryBus();
    const source = new AgentsFixture();
    source.put('a', 'Hello', 1);
    const [one, other] = [
      new AgentConfigService({ source, clock, bus }),
      new AgentConfigService({ source, clock, bus }),
    ];
    await clock.advance(0);
    await Promise.all([one.loadAgentConfig('a'), other.loadAgentConfig('a')]);
    source.put('a', 'Namaste', 2);
    await one.invalidate('a');
    await clock.advance(5);
    expect((await other.loadAgentConfig('a'))?.config.greeting).toBe('Namaste');
    await one.close();
    await other.close();
  });

  test('is doubted by a gap of the feed, and served if the source fails', async () => {
    const { source, clock, open } = setUp();
    const [one, other] = [open(), open()];
    source.put('a', 'Hello', 1);
    await one.loadAgentConfig('a');
    await other.loadAgentConfig('a');
    source.put('a', 'Namaste', 2);
    await one.applyGap();
    await clock.advance(5);
    expect((await other.loadAgentConfig('a'))?.config.greeting).toBe('Namaste');
    source.fail();
    await one.applyGap();
    await clock.advance(5);
    expect((await other.loadAgentConfig('a'))?.config.greeting).toBe('Namaste');
  });

  test('what a feed tells is not passed on to other machines, what the application says is', async () => {
    const { clock, tier, source } = setUp();
    source.put('a', 'Hello', 1);
    const published: unknown[] = [];
    const bus: Bus = {
      publish: async (invalidation) => void published.push(invalidation),
      subscribe: async () => async () => {},
    };
    const service = new AgentConfigService({ source, clock, tiers: [tier], bus, onEvent: () => {} });
    await service.loadAgentConfig('a');
    await service.applyChange({ at: 1n, kind: 'agent', id: 'a', organizationId: 'acme', deleted: false });
    await service.applyGap();
    expect(published).toEqual([]);
    await service.invalidate('a');
    expect(published).toHaveLength(1);
    await service.close();
  });

  test('is doubted after 5 s while nobody hears of changes', async () => {
    const { source, clock, open } = setUp();
    let state: WatchState = 'live';
    const service = open({ watch: () => state });
    source.put('a', 'Hello', 1);
    await service.loadAgentConfig('a');
    source.put('a', 'Namaste', 2);
    await clock.advance(6_000);
    expect((await service.loadAgentConfig('a'))?.config.greeting).toBe('Hello');
    state = 'lapsed';
    await clock.advance(10);
    expect((await service.loadAgentConfig('a'))?.config.greeting).toBe('Namaste');
  });
});

test('a watch that throws vouches for nothing', async () => {
  const { source, clock, open } = setUp();
  const service = open({
    watch: () => {
      throw new Error('broken');
    },
  });
  source.put('a', 'Hello', 1);
  await service.loadAgentConfig('a');
  source.put('a', 'Namaste', 2);
  await clock.advance(5_000);
  expect((await service.loadAgentConfig('a'))?.config.greeting).toBe('Namaste');
});

test('what a worker with another shape has kept is read anew', async () => {
  const { source, tier, clock } = setUp();
  source.put('a', 'Hello', 1);
  const open = (version: number): AgentConfigService<unknown> =>
    new AgentConfigService<unknown>({
      source,
      tiers: [tier],
      clock,
      onEvent: () => {},
      shape: {
        parse: (document) => ({ ...(document as AgentDocument), config: `shape ${version}` }),
        build: String,
        promptVersion: 1,
        version,
      },
    });
  expect((await open(1).loadAgentConfig('a'))?.config).toBe('shape 1');
  expect((await open(2).loadAgentConfig('a'))?.config).toBe('shape 2');
  expect((await open(2).loadAgentConfig('a'))?.config).toBe('shape 2');
  expect(source.reads).toBe(2);
});

describe('what has outlived its time', () => {
  test('is served at once while changes are heard of, and loaded behind the back of who asks', async () => {
    const { source, clock, open } = setUp();
    const service = open({ watch: () => 'live' });
    source.put('a', 'Hello', 1);
    await service.getCachedFullPrompt('a');
    await clock.advance(3_600_000);
    source.beforeRead = () => new Promise((resolve) => clock.after(115, resolve));
    expect((await service.loadAgentConfig('a'))?.config.greeting).toBe('Hello');
    expect(await service.getCachedFullPrompt('a')).toMatchObject({ source: 'ram', latencyMs: 0 });
    await clock.advance(115);
    await clock.advance(115);
    expect(source.reads).toBeGreaterThan(1);
    const { reads } = source;
    expect((await service.loadAgentConfig('a'))?.config.greeting).toBe('Hello');
    expect(source.reads).toBe(reads);
    await service.close();
  });

  test.each(['none', 'lapsed'] as const)('is waited for with the watch %s', async (state) => {
    const { source, clock, open } = setUp();
    // Over before it would be doubted because nobody hears of changes.
    const service = open({ watch: () => state, ttl: 1_000 });
    source.put('a', 'Hello', 1);
    await service.loadAgentConfig('a');
    source.put('a', 'Changed unheard', 2);
    await clock.advance(1_001);
    expect((await service.loadAgentConfig('a'))?.config.greeting).toBe('Changed unheard');
  });

  test('is not served when it was invalidated, whatever is heard', async () => {
    const { source, clock, open } = setUp();
    const service = open({ watch: () => 'live' });
    source.put('a', 'Hello', 1);
    await service.loadAgentConfig('a');
    await clock.advance(3_600_000);
    source.put('a', 'Namaste', 2);
    await service.invalidate('a');
    expect((await service.loadAgentConfig('a'))?.config.greeting).toBe('Namaste');
  });
});

describe('while the source fails', () => {
  test('however long it has failed, half a second after it is back the new version is served', async () => {
    const { source, clock, open } = setUp();
    source.put('a', 'Hello', 1);
    const service = open();
    await service.loadAgentConfig('a');
    source.put('a', 'Namaste', 2);
    source.fail();
    await service.invalidate('a');
    for (let second = 0; second < 60; second++) {
      expect((await service.loadAgentConfig('a'))?.config.greeting).toBe('Hello');
      await clock.advance(1_000);
    }
    source.recover();
    await clock.advance(500);
    expect((await service.loadAgentConfig('a'))?.config.greeting).toBe('Namaste');
  });

  test('one process of the machine finds out for all: the others serve what was last good at once', async () => {
    const { source, clock, open } = setUp();
    source.put('a', 'Hello', 1);
    const first = open();
    await first.loadAgentConfig('a');
    await first.invalidate('a');
    source.beforeRead = () => new Promise(() => {}); // It hangs.
    await passing(clock, first.loadAgentConfig('a'));
    const { reads } = source;
    for (const _ of [1, 2, 3]) expect((await open().loadAgentConfig('a'))?.config.greeting).toBe('Hello');
    expect(source.reads).toBe(reads);
    // It is asked again half a second later, and at once where there is nothing to serve.
    await clock.advance(500);
    source.recover();
    source.put('a', 'Namaste', 2);
    expect((await open().loadAgentConfig('a'))?.config.greeting).toBe('Namaste');
  });

  test('an agent without a last good one is asked for all the same', async () => {
    const { source, open } = setUp();
    source.put('a', 'Hello', 1);
    source.put('b', 'Vanakkam', 1);
    const service = open();
    await service.loadAgentConfig('a');
    source.fail();
    await service.invalidate('a');
    await service.loadAgentConfig('a');
    source.recover();
    expect((await open().loadAgentConfig('b'))?.config.greeting).toBe('Vanakkam');
  });

  test('a malformed agent says nothing of others', async () => {
    const { source, open } = setUp();
    source.put('a', 'Hello', 1);
    source.put('b', 'Vanakkam', 1);
    const service = open();
    await Promise.all(['a', 'b'].map((id) => service.loadAgentConfig(id)));
    source.agents.set('a', { agentId: 'a' });
    source.put('b', 'Namaste', 2);
    await service.invalidateAll();
    expect((await service.loadAgentConfig('a'))?.config.greeting).toBe('Hello');
    expect((await open().loadAgentConfig('b'))?.config.greeting).toBe('Namaste');
  });

  test('the last good agent is served, also when it was updated just before, and told once', async () => {
    const { source, clock, open, told } = setUp();
    source.put('a', 'Hello', 1);
    const service = open();
    const { prompt } = (await service.getCachedFullPrompt('a'))!;
    const error = new Error('down');
    source.fail(error);
    await service.invalidate('a');
    expect((await service.loadAgentConfig('a'))?.config.greeting).toBe('Hello');
    expect(await service.getCachedFullPrompt('a')).toMatchObject({ prompt, source: 'ram' });
    await clock.advance(DAY_MS / 2);
    expect((await service.loadAgentConfig('a'))?.config.greeting).toBe('Hello');
    expect(await service.getCachedFullPrompt('a')).toMatchObject({ prompt, source: 'ram' });
    expect(told()).toEqual([{ type: 'last-good', agentId: 'a', updatedAt: 1, error }]);
    // A call that starts in a process of its own.
    expect(await open().getCachedFullPrompt('a')).toMatchObject({ prompt, source: 'ram' });

    source.recover();
    source.put('a', 'Namaste', 2);
    await clock.advance(60_000);
    expect((await service.loadAgentConfig('a'))?.config.greeting).toBe('Namaste');
    source.fail(error);
    await service.invalidate('a');
    await service.loadAgentConfig('a');
    expect(told()).toHaveLength(3);
  });

  test('a prompt that no tier has is built of the last good configuration, and not saved', async () => {
    const { source, open, told } = setUp();
    source.put('a', 'Hello', 1);
    const service = open();
    await service.loadAgentConfig('a');
    await service.clearAllPromptCache();
    source.fail();
    await service.invalidate('a');
    expect(await service.getCachedFullPrompt('a')).toMatchObject({
      prompt: buildPrompt(configOf('Hello')),
      source: 'build',
    });
    await service.close();
    expect(source.saved).toEqual([]);
    expect(told().map(({ type }) => type)).toEqual(['last-good', 'prompt-built']);
  });

  test('its own error is thrown when there is no last good one', async () => {
    const { source, open } = setUp();
    const error = new Error('down');
    source.fail(error);
    await expect(open().loadAgentConfig('a')).rejects.toBe(error);
  });

  test('a source that does not answer is not waited for, whether it heeds its signal or not', async () => {
    const { source, clock, open } = setUp();
    const service = open({ timeoutMs: 500 });
    source.beforeRead = () => new Promise(() => {});
    const startedMs = clock.now();
    const read = service.loadAgentConfig('a').catch((error: unknown) => error);
    const error = await passing(clock, read);
    expect(clock.now() - startedMs).toBe(500);
    expect(error).toMatchObject({
      code: 'ERR_AGENT_SOURCE_TIMEOUT',
      message: 'the agent source did not answer getAgent within 500 ms',
    });
  });

  test('a deleted agent is not served', async () => {
    const { source, open } = setUp();
    source.put('a', 'Hello', 1);
    const service = open();
    await service.getCachedFullPrompt('a');
    await service.applyChange({ at: 1n, kind: 'agent', id: 'a', organizationId: 'acme', deleted: true });
    source.fail();
    await expect(service.loadAgentConfig('a')).rejects.toThrow('down');
  });
});

describe('a malformed agent', () => {
  test.each([
    [
      { config: { ...configOf('x'), voice: { provider: 'p', model: 'm', speaker: 's', pace: 'secret text' } } },
      'config.voice.pace must be number, got string',
    ],
    [{ config: { ...configOf('x'), rules: ['ok', 7] } }, 'config.rules.1 must be string, got number'],
    [{ config: null }, 'config must be object, got null'],
    [{ updatedAt: Number.NaN }, 'updatedAt must be number, got NaN'],
    [{ agentId: 'b' }, 'agentId must be the one asked for, got another'],
  ])('is an error that names the field and no content: %#', async (wrong, fault) => {
    const { source, open, told } = setUp();
    source.put('a', 'secret text', 1);
    const service = open();
    const good = { ...(source.agents.get('a') as object), ...wrong };
    source.agents.set('a', good);
    const error: unknown = await service.loadAgentConfig('a').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ERR_AGENT_MALFORMED', message: `agent 'a' is malformed: ${fault}` });
    expect(String((error as Error).cause)).not.toContain('secret text');
    expect(told()).toEqual([]);
  });

  test('leaves the last good one in its place', async () => {
    const { source, open, told } = setUp();
    source.put('a', 'Hello', 1);
    const service = open();
    await service.loadAgentConfig('a');
    source.agents.set('a', 'nonsense');
    await service.invalidate('a');
    expect((await service.loadAgentConfig('a'))?.config.greeting).toBe('Hello');
    expect(await service.getCachedFullPrompt('a')).toMatchObject({ prompt: buildPrompt(configOf('Hello')) });
    expect(told()).toMatchObject([
      {
        type: 'last-good',
        agentId: 'a',
        error: { message: "agent 'a' is malformed: the document must be object, got string" },
      },
    ]);
  });
});

test("a shape of one's own is parsed, built and told by its own functions; what its parser throws is the cause", async () => {
  const clock = new FakeClock();
  const source = new AgentsFixture();
  const shape: AgentShape<{ persona: string }> = {
    parse: (document) => {
      const { text } = document as { text?: string };
      if (text === undefined) throw new Error('no text: Asha, secret');
      return { agentId: 'a', organizationId: 'o', config: { persona: text }, updatedAt: 5 };
    },
    build: ({ persona }) => `You are ${persona}.`,
    promptVersion: 3,
  };
  const service = new AgentConfigService({ source, clock, shape, onEvent: () => {} });
  source.agents.set('a', { text: 'Asha' });
  expect((await service.loadAgentConfig('a'))?.config.persona).toBe('Asha');
  expect(await service.getCachedFullPrompt('a')).toMatchObject({ prompt: 'You are Asha.', source: 'build' });
  await service.close();
  expect(source.saved).toEqual([
    { agentId: 'a', built: { fullPrompt: 'You are Asha.', promptVersion: 3, updatedAt: 5 } },
  ]);

  source.agents.set('b', {});
  const error: unknown = await new AgentConfigService({ source, clock, shape })
    .loadAgentConfig('b')
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ message: "agent 'b' is malformed", cause: { message: 'no text: Asha, secret' } });
});

test('warming loads configurations and prompts, four agents at a time, and never rejects', async () => {
  const { source, open, told } = setUp();
  for (let index = 0; index < 10; index++) source.put(`a${index}`, 'Hello', 1);
  let running = 0;
  let most = 0;
  source.beforeRead = async (agentId) => {
    most = Math.max(most, ++running);
    await new Promise(setImmediate);
    running--;
    if (agentId === 'a3') throw new Error('down');
  };
  const service = open();
  expect(await service.warmTop(10)).toEqual({ ready: 9, failed: 1 });
  expect(most).toBe(4);
  expect(source.reads).toBe(10);
  expect(await service.warm(['a1', 'a1', 'nobody'])).toEqual({ ready: 1, failed: 1 });
  expect(await service.getCachedFullPrompt('a1')).toMatchObject({ source: 'ram' });
  expect(service.getStats().sources).toEqual({ ram: 1, db: 0, build: 0 });
  source.listTopAgents = () => Promise.reject(new Error('down'));
  expect(await service.warmTop(10)).toEqual({ ready: 0, failed: 0 });
  expect(told()).toMatchObject([{ type: 'warm-failed', error: { message: 'down' } }]);
});

test('without a listener, what should not happen is a process warning', async () => {
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  try {
    const clock = new FakeClock();
    const source = new AgentsFixture();
    source.putWithoutPrompt('a', 'secret text', 1);
    const service = new AgentConfigService({ source, clock, tiers: [new MemorySharedTier({ clock })] });
    await service.getCachedFullPrompt('a');
    source.fail();
    await service.invalidate('a');
    await service.loadAgentConfig('a');
    expect(warned.mock.calls.map(([message]) => message)).toEqual([
      "the prompt of agent 'a' had to be built: it was not stored with the agent",
      "agent 'a' is served as it was at 1: down",
    ]);
  } finally {
    warned.mockRestore();
  }
});

test('keys at rest and events hold no configuration, and hostile ids are only ids', async () => {
  const { source, open, events } = setUp();
  const ids = ['a:1:1', 'a', '*', '{a}', 'agent:a', '', '\u0000', 'é'];
  for (const [index, id] of ids.entries()) source.put(id, `secret text ${index}`, 1);
  const service = open();
  for (const [index, id] of ids.entries()) {
    expect((await service.loadAgentConfig(id))?.config.greeting).toBe(`secret text ${index}`);
    expect((await service.getCachedFullPrompt(id))?.prompt).toBe(buildPrompt(configOf(`secret text ${index}`)));
  }
  await service.clearPromptCache('a');
  expect(await service.getCachedFullPrompt('a:1:1')).toMatchObject({ source: 'ram' });
  expect(await service.getCachedFullPrompt('a')).toMatchObject({ source: 'db' });
  expect(events.length).toBeGreaterThan(ids.length);
  expect(JSON.stringify(events)).not.toContain('secret text');
});

test.each([
  [{ profile: 'huge' }, 'profile must be one of low, high, got huge'],
  [{ timeoutMs: 0 }, 'timeoutMs must be a number above 0, got 0'],
  [{ promptTtl: -1 }, 'promptTtl must be a number above 0, got -1'],
  [{ ttl: 0 }, 'ttl must be a number above 0, got 0'],
])('a wrong option is refused by name: %o', (options, message) => {
  const source = new AgentsFixture();
  expect(() => new AgentConfigService({ source, ...(options as object) })).toThrow(new TypeError(message));
});

test('a prompt of a version this worker has never heard of is used as it is', async () => {
  const { source, open } = setUp();
  source.put('a', 'Hello', 1, { fullPrompt: 'newer', promptVersion: PROMPT_VERSION + 1 });
  expect(await open().getCachedFullPrompt('a')).toMatchObject({ prompt: 'newer', source: 'db' });
});
