import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { ConvexError } from 'convex/values';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest';
import { AgentConfigService } from '../agent-config-service.ts';
import { configOf } from '../agents.fixture.ts';
import { buildPrompt, PROMPT_VERSION } from '../prompt.ts';
import { convexAgentSource } from './convex-agent-source.ts';
import { DeploymentFixture, SECRET } from './deployment.fixture.ts';

const never = new AbortController().signal;

let deployment: DeploymentFixture;
beforeAll(async () => {
  deployment = await DeploymentFixture.start();
});
afterEach(() => deployment.simulator.reset());
afterAll(() => deployment.close());

/** A server that answers as it likes. */
async function answering(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.close().closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('agents are read, listed, and given the prompts they lack', async () => {
  const { url } = deployment;
  const source = convexAgentSource({ url, secret: SECRET });
  const agentId = await deployment.create('Hello');
  const service = new AgentConfigService({ source });
  const agent = await service.loadAgentConfig(agentId);
  expect(agent).toMatchObject({ agentId, config: configOf('Hello'), promptVersion: PROMPT_VERSION });
  expect(agent).not.toHaveProperty('fullPrompt');
  expect((await service.getCachedFullPrompt(agentId))?.prompt).toBe(buildPrompt(configOf('Hello')));
  expect(await service.loadAgentConfig('nonsense')).toBeNull();
  const other = await deployment.create('Namaste');
  expect(await source.listTopAgents!(10, never)).toEqual([other, agentId]);
  expect(await service.warmTop(10)).toEqual({ ready: 2, failed: 0 });
  await deployment.update(agentId, 'Vanakkam');
  await service.invalidate(agentId);
  expect(await service.getCachedFullPrompt(agentId)).toMatchObject({
    prompt: buildPrompt(configOf('Vanakkam')),
    source: 'db',
  });
  await source.savePrompt!(agentId, { fullPrompt: 'new', promptVersion: PROMPT_VERSION + 1, updatedAt: 0 }, never);
  const { updatedAt } = (await service.loadAgentConfig(agentId))!;
  await source.savePrompt!(agentId, { fullPrompt: 'new', promptVersion: PROMPT_VERSION + 1, updatedAt }, never);
  expect(await source.getAgent(agentId, never)).toMatchObject({ fullPrompt: 'new', updatedAt });
  const { functions } = await deployment.simulator.ledger();
  expect(functions['agents:get']).toMatchObject({ billable: 5 });
  await service.close();
});

test('a wrong secret is a ConvexError with its data, and no error ever has the secret', async () => {
  const secret = 'a "wrong" secret';
  const errorOf = (url: string): Promise<unknown> =>
    convexAgentSource({ url, secret })
      .getAgent('a', never)
      .catch((error: unknown) => error);
  const refused = await errorOf(deployment.url);
  expect(refused).toBeInstanceOf(ConvexError);
  expect((refused as ConvexError<string>).data).toEqual({ code: 'unauthorized' });
  // What Convex says of arguments that a function does not take quotes them.
  const object = JSON.stringify({ agentId: 'a', secret });
  const quoting = await errorOf(
    await answering((_, response) =>
      response.end(JSON.stringify({ status: 'error', errorMessage: `ArgumentValidationError: ${object}` })),
    ),
  );
  expect((quoting as Error).message).toBe('ArgumentValidationError: {"agentId":"a","secret":"[secret]"}');
  const quotingData = await errorOf(
    await answering((_, response) =>
      response.end(JSON.stringify({ status: 'error', errorMessage: 'no', errorData: { secret } })),
    ),
  );
  for (const error of [refused, quoting, quotingData]) {
    expect(error).toBeInstanceOf(Error);
    expect(inspect(error, { depth: null, showHidden: true })).not.toContain('wrong');
  }
});

test('every call ends in time, whoever sets it', async () => {
  const { url, simulator } = deployment;
  await simulator.setFaults({ slow: { ms: 5_000 } });
  const source = convexAgentSource({ url, secret: SECRET, timeoutMs: 200 });
  const startedMs = performance.now();
  await expect(source.getAgent('a', never)).rejects.toMatchObject({ name: 'TimeoutError' });
  await expect(source.listTopAgents!(1, never)).rejects.toMatchObject({ name: 'TimeoutError' });
  const built = { fullPrompt: '', promptVersion: 1, updatedAt: 1 };
  await expect(source.savePrompt!('a', built, never)).rejects.toMatchObject({ name: 'TimeoutError' });
  const reason = new Error('nobody waits');
  await expect(source.getAgent('a', AbortSignal.abort(reason))).rejects.toBe(reason);
  expect(performance.now() - startedMs).toBeLessThan(2_000);
});

test('a body that never ends is not waited for', async () => {
  const url = await answering((_, response) => void response.writeHead(200).write('{'));
  const source = convexAgentSource({ url, secret: SECRET, timeoutMs: 100 });
  await expect(source.getAgent('a', never)).rejects.toMatchObject({ name: 'TimeoutError' });
});

test('a list that is none is an error that names what it is; so is a busy server', async () => {
  const { url, simulator } = deployment;
  await simulator.setFaults({ status: { status: 503, code: 'ServiceUnavailable', message: 'busy' } });
  const source = convexAgentSource({ url, secret: SECRET });
  await expect(source.listTopAgents!(1, never)).rejects.toThrow('busy');
  const foreign = await answering((_, response) =>
    response.end(JSON.stringify({ status: 'success', value: ['a', 1] })),
  );
  const other = convexAgentSource({ url: foreign, secret: SECRET });
  await expect(other.listTopAgents!(1, never)).rejects.toThrow(
    new TypeError('agents:listTop: 1 must be string, got number'),
  );
});

test.each([
  [{ url: 'happy-otter' }, 'url must be that of a Convex deployment (https://…), got happy-otter'],
  [{ url: 'ftp://x' }, 'url must be that of a Convex deployment (https://…), got ftp://x'],
  [{ secret: '' }, 'secret must be the service secret of the deployment, got nothing'],
  [{ timeoutMs: 0 }, 'timeoutMs must be a number above 0, got 0'],
])('a wrong option is refused by name: %o', (options, message) => {
  expect(() => convexAgentSource({ url: 'http://127.0.0.1:1', secret: SECRET, ...options })).toThrow(
    new TypeError(message),
  );
});
