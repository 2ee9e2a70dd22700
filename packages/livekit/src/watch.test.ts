import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convexAgentSource, convexChangeFeed } from '@warmline/agent-config/convex-client';
import type { AgentConfig, AgentConfigEvent, AgentConfigService } from '@warmline/agent-config';
import { startConvexSimulator } from '@warmline/convex-simulator';
import type { ConvexSimulator } from '@warmline/convex-simulator';
import { convexKnowledgeSource } from '@warmline/knowledge/convex-client';
import { ConvexHttpClient } from 'convex/browser';
import { makeFunctionReference } from 'convex/server';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startHost } from './host.ts';
import type { Host } from './host.ts';
import { openWarmline } from './warmline.ts';
import type { Warmline } from './warmline.ts';

const secret = 'simulator-secret';
/** What the watch promises, and what a machine that does other things may take longer. */
const HEARD_MS = 5_000;

let simulator: ConvexSimulator;
let client: ConvexHttpClient;
let root: string;
let ends: (() => Promise<unknown>)[];

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'warmline-watch-'));
  simulator = await startConvexSimulator({ seed: 'demo' });
  client = new ConvexHttpClient(simulator.url, { skipConvexDeploymentUrlCheck: true, logger: false });
  ends = [() => simulator.close()];
});
afterEach(async () => {
  for (const end of ends.toReversed()) await end();
  rmSync(root, { recursive: true, force: true });
});

interface Machine {
  readonly host: Host;
  readonly calls: Warmline;
  readonly agents: AgentConfigService;
  readonly events: AgentConfigEvent[];
}

/** A machine: its host service, which watches, and a process for calls. */
async function machine(name: string): Promise<Machine> {
  const options = { directory: join(root, name), onEvent: () => {} };
  const source = convexAgentSource({ url: simulator.url, secret });
  const knowledge = convexKnowledgeSource({ url: simulator.url, secret });
  const host = await startHost(options);
  host.watch(convexChangeFeed({ url: simulator.url, secret }), {
    agents: host.warmline.agents({ source, onEvent: () => {} }),
    knowledge: host.warmline.knowledge({ source: knowledge }),
    onEvent: () => {},
  });
  const calls = openWarmline(options);
  const events: AgentConfigEvent[] = [];
  const agents = calls.agents({ source, onEvent: (event) => events.push(event) });
  ends.push(
    () => host.close(),
    () => calls.close(),
  );
  await vi.waitFor(() => expect(calls.watch?.state()).toBe('live'), HEARD_MS);
  return { host, calls, agents, events };
}

async function anAgent(): Promise<{ readonly agentId: string; readonly config: AgentConfig }> {
  const listTop = makeFunctionReference<'query', { secret: string; limit: number }, string[]>('agents:listTop');
  const get = makeFunctionReference<'query', { secret: string; agentId: string }, { config: AgentConfig }>(
    'agents:get',
  );
  const [agentId = ''] = await client.query(listTop, { secret, limit: 1 });
  const { config } = await client.query(get, { secret, agentId });
  return { agentId, config };
}

async function greetWith(agentId: string, config: AgentConfig, greeting: string): Promise<void> {
  const update = makeFunctionReference<'mutation', { secret: string; agentId: string; config: object }>(
    'agents:update',
  );
  await client.mutation(update, { secret, agentId, config: { ...config, greeting } });
}

async function greetingOf(agents: AgentConfigService, agentId: string): Promise<string | undefined> {
  return (await agents.loadAgentConfig(agentId))?.config.greeting;
}

test('an update is read by every process of every machine, long before its ttl is over', async () => {
  const machines = [await machine('one'), await machine('two')];
  const { agentId, config } = await anAgent();
  for (const { agents } of machines) expect(await greetingOf(agents, agentId)).toBe(config.greeting);
  await greetWith(agentId, config, 'Namaste!');
  for (const { agents } of machines) {
    await vi.waitFor(async () => expect(await greetingOf(agents, agentId)).toBe('Namaste!'), HEARD_MS);
    expect((await agents.getCachedFullPrompt(agentId))?.prompt).toContain('Namaste!');
  }
});

test('what was updated is loaded again by the host before a call asks for it', async () => {
  const { agents } = await machine('one');
  const { agentId, config } = await anAgent();
  await greetWith(agentId, config, 'Vanakkam!');
  const gets = async (): Promise<number> => (await simulator.ledger()).functions['agents:get']?.queries ?? 0;
  await vi.waitFor(async () => expect(await gets()).toBe(2), HEARD_MS); // `anAgent`, and the host.
  await vi.waitFor(async () => expect(await greetingOf(agents, agentId)).toBe('Vanakkam!'), HEARD_MS);
  expect(await gets()).toBe(2);
});

test('while the feed is away the machine says so, and an old entry is served only if the source fails', async () => {
  const { agents, calls, events } = await machine('one');
  const { agentId, config } = await anAgent();
  expect(await greetingOf(agents, agentId)).toBe(config.greeting);
  await greetWith(agentId, config, 'Updated just before');
  await simulator.close();
  await vi.waitFor(() => expect(calls.watch?.state()).toBe('lapsed'), 3 * HEARD_MS);
  const fresh = calls.agents({
    source: convexAgentSource({ url: simulator.url, secret }),
    onEvent: (e) => events.push(e),
  });
  expect([config.greeting, 'Updated just before']).toContain(await greetingOf(fresh, agentId));
  await vi.waitFor(async () => {
    await greetingOf(fresh, agentId);
    expect(events.map(({ type }) => type)).toContain('last-good');
  }, 3 * HEARD_MS);
});

test('a knowledge base that changes is searched anew', async () => {
  const { calls } = await machine('one');
  const named = <A extends object, R>(name: string) =>
    makeFunctionReference<'mutation', A & { secret: string }, R>(name);
  const { organizationId } = await client.mutation(
    named<{ name: string }, { organizationId: string }>('organizations:create'),
    { secret, name: 'o' },
  );
  const base = await client.mutation(
    named<{ organizationId: string; name: string }, { knowledgeBaseId: string }>('knowledge:createBase'),
    { secret, organizationId, name: 'b' },
  );
  const add = (text: string) =>
    client.mutation(
      named<{ knowledgeBaseId: string; title: string; chunks: { text: string }[] }, unknown>('knowledge:addDocument'),
      { secret, knowledgeBaseId: base.knowledgeBaseId, title: 't', chunks: [{ text }] },
    );
  await add('opening hours nine to five');
  const knowledge = calls.knowledge({ source: convexKnowledgeSource({ url: simulator.url, secret }) });
  const search = async (): Promise<number> =>
    (await knowledge.search({ text: 'What are your opening hours?', organizationId, agentId: 'a', limit: 5 })).length;
  await vi.waitFor(async () => expect(await search()).toBe(1), HEARD_MS);
  await add('opening hours on holidays ten to two');
  await vi.waitFor(async () => expect(await search()).toBe(2), HEARD_MS);
});

test('a machine that was never watched believes its ttl; one without a host tier five seconds', async () => {
  const { agentId } = await anAgent();
  const source = convexAgentSource({ url: simulator.url, secret });
  const alone = openWarmline({ directory: join(root, 'alone') });
  const without = openWarmline({ host: false });
  ends.push(
    () => alone.close(),
    () => without.close(),
  );
  expect(alone.watch?.state()).toBe('none');
  const kinds = async (warmline: Warmline): Promise<string[]> => {
    const states: string[] = [];
    const agents = warmline.agents({
      source,
      onEvent: (event) => {
        if (event.type === 'cache' && event.event.type === 'hearing') states.push(event.event.state);
      },
    });
    await agents.loadAgentConfig(agentId);
    return states;
  };
  expect(await kinds(alone)).toEqual([]);
  expect(await kinds(without)).toEqual(['unwatched']);
});

test('agents are warmed once for the machine', async () => {
  const { host, agents } = await machine('one');
  const source = convexAgentSource({ url: simulator.url, secret });
  const before = (await simulator.ledger()).functions['agents:get']?.queries ?? 0;
  const warmed = await Promise.all([1, 2].map(() => host.warmAgents(host.warmline.agents({ source }), { limit: 100 })));
  expect(warmed).toEqual([
    { ready: 20, failed: 0 },
    { ready: 20, failed: 0 },
  ]);
  const { agentId, config } = await anAgent();
  expect(await greetingOf(agents, agentId)).toBe(config.greeting);
  expect((await simulator.ledger()).functions['agents:get']?.queries).toBe(before + 20 + 1);
});

test('without a host tier a watch ends with its host', async () => {
  const host = await startHost({ host: false });
  const agents = host.warmline.agents({ source: convexAgentSource({ url: simulator.url, secret }), onEvent: () => {} });
  host.watch(convexChangeFeed({ url: simulator.url, secret }), { agents });
  const sockets = async (): Promise<number> => (await simulator.ledger()).sockets.open;
  await vi.waitFor(async () => expect(await sockets()).toBe(1), HEARD_MS);
  await host.close();
  await vi.waitFor(async () => expect(await sockets()).toBe(0), HEARD_MS);
});

test('two workers of different scopes on one machine hear a feed each', async () => {
  const source = convexAgentSource({ url: simulator.url, secret });
  const opened = [];
  for (const scope of ['one', 'two']) {
    const options = { directory: join(root, 'shared'), scope, onEvent: () => {} };
    const host = await startHost(options);
    host.watch(convexChangeFeed({ url: simulator.url, secret }), {
      agents: host.warmline.agents({ source, onEvent: () => {} }),
    });
    const calls = openWarmline(options);
    ends.push(
      () => host.close(),
      () => calls.close(),
    );
    opened.push(calls);
  }
  for (const calls of opened) await vi.waitFor(() => expect(calls.watch?.state()).toBe('live'), HEARD_MS);
});

test('a host watches one feed', async () => {
  const { host } = await machine('one');
  expect(() => host.watch(convexChangeFeed({ url: simulator.url, secret }), {})).toThrow(TypeError);
});
