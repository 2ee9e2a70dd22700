import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as bodyOf } from 'node:stream/consumers';
import { startConvexSimulator } from '@warmline/convex-simulator';
import type { ConvexSimulator } from '@warmline/convex-simulator';
import { ConvexHttpClient } from 'convex/browser';
import { makeFunctionReference } from 'convex/server';
import { ConvexError } from 'convex/values';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { CachedEmbedder, VoiceKnowledgeService } from '../index.ts';
import { queryOf } from '../source.fixture.ts';
import { convexKnowledgeSource } from './index.ts';
import type { ConvexKnowledgeOptions } from './index.ts';

const SECRET = 'a-secret-of-the-service';
const NEVER = new AbortController().signal;
const TEXT = 'What does Zephyrine charge for parking?';

describe('with the functions of the convex folder', () => {
  let simulator: ConvexSimulator;
  let organizationId = '';
  let knowledgeBaseId = '';

  beforeAll(async () => {
    simulator = await startConvexSimulator({ env: { WARMLINE_SERVICE_SECRET: SECRET } });
    ({ organizationId } = await mutate<{ organizationId: string }>('organizations:create', { name: 'Acme' }));
    ({ knowledgeBaseId } = await mutate<{ knowledgeBaseId: string }>('knowledge:createBase', {
      organizationId,
      name: 'Handbook',
    }));
    await mutate('knowledge:addDocument', {
      knowledgeBaseId,
      title: 'Prices',
      chunks: ['Parking is free.', 'Breakfast costs 900 rupees.'].map((text) => ({ text, embedding: vectorOf(text) })),
    });
  }, 60_000);

  afterAll(() => simulator.close());

  async function mutate<T>(name: string, args: Record<string, unknown>): Promise<T> {
    const client = new ConvexHttpClient(simulator.url);
    return (await client.mutation(makeFunctionReference<'mutation'>(name), { secret: SECRET, ...args })) as T;
  }

  function sourceOf(more: Partial<ConvexKnowledgeOptions> = {}) {
    return convexKnowledgeSource({ url: simulator.url, secret: SECRET, ...more });
  }

  async function searches(): Promise<number> {
    return (await simulator.ledger()).functions['knowledge:search']?.actions ?? 0;
  }

  test('words find passages', async () => {
    const query = queryOf({ organizationId, text: 'parking', knowledgeBaseIds: [knowledgeBaseId] });
    expect(await sourceOf().search(query, NEVER)).toEqual([
      {
        id: expect.stringMatching(/./u),
        documentId: expect.stringMatching(/./u),
        knowledgeBaseId,
        title: 'Prices',
        text: 'Parking is free.',
        score: expect.any(Number),
      },
    ]);
    expect(await sourceOf().search({ ...query, text: 'swimming' }, NEVER)).toEqual([]);
  });

  test('an embedder finds them by meaning, and is asked once for a question', async () => {
    const asked: (readonly string[])[] = [];
    const embedder = new CachedEmbedder({
      embedder: {
        model: 'fake',
        embed: async (texts) => {
          asked.push(texts);
          return texts.map((text) => vectorOf(text.replace('Automobile storage', 'Parking is free.')));
        },
      },
    });
    const source = sourceOf({ embedder });
    const query = queryOf({ organizationId, text: 'Automobile storage', limit: 1 });
    for (const _ of [1, 2])
      expect(await source.search(query, NEVER)).toMatchObject([{ text: 'Parking is free.', score: expect.closeTo(1) }]);
    expect(asked).toEqual([['Automobile storage']]);
  });

  test('a thousand askers cost one call, and an update another', async () => {
    const service = new VoiceKnowledgeService({ source: sourceOf() });
    const query = queryOf({ organizationId, text: 'breakfast' });
    const before = await searches();
    await Promise.all(Array.from({ length: 1_000 }, () => service.search(query)));
    expect((await searches()) - before).toBe(1);
    await mutate('knowledge:addDocument', {
      knowledgeBaseId,
      title: 'News',
      chunks: [{ text: 'Breakfast now costs 800 rupees.' }],
    });
    expect(await service.search(query)).toHaveLength(1);
    await service.applyChange({ kind: 'knowledge', organizationId });
    expect(await service.search(query)).toHaveLength(2);
    expect((await searches()) - before).toBe(2);
  });

  test('another organisation finds nothing', async () => {
    const other = await mutate<{ organizationId: string }>('organizations:create', { name: 'Other' });
    const query = queryOf({ organizationId: other.organizationId, text: 'parking' });
    expect(await sourceOf().search(query, NEVER)).toEqual([]);
  });

  test('a wrong secret is a ConvexError that tells neither secret nor question', async () => {
    const failed = sourceOf({ secret: 'a-wrong-secret' }).search(queryOf({ organizationId, text: TEXT }), NEVER);
    const error = await failed.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConvexError);
    expect((error as ConvexError<never>).data).toEqual({ code: 'unauthorized' });
    expectSilent(error, 'a-wrong-secret');
  });

  test('arguments that the function refuses are an error that tells neither secret nor question', async () => {
    const failed = sourceOf().search(queryOf({ text: TEXT, organizationId, knowledgeBaseIds: [7 as never] }), NEVER);
    const error = await failed.catch((thrown: unknown) => thrown);
    expect(String(error)).toMatch(/^Error: knowledge:search failed/u);
    expectSilent(error);
  });

  test('a query with filters is refused: the function would not heed them', async () => {
    const failed = sourceOf().search(queryOf({ organizationId, filters: { city: 'Pune' } }), NEVER);
    await expect(failed).rejects.toThrow('knowledge:search knows no filters');
  });
});

describe('with a deployment that misbehaves', () => {
  /** Answers with what `answer` makes of the body of a request; `undefined` is silence. */
  async function serve(answer: (body: string) => { status?: number; body: string } | undefined) {
    const server = createServer((request, response) => {
      void bodyOf(request).then((body) => {
        const reply = answer(body);
        if (reply === undefined) return;
        response.writeHead(reply.status ?? 200, { 'Content-Type': 'application/json' }).end(reply.body);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return (timeoutMs = 4_000) => convexKnowledgeSource({ url, secret: SECRET, timeoutMs });
  }

  test.each([
    [
      'a plain error',
      (body: string) => ({ body: JSON.stringify({ status: 'error', errorMessage: `[Request ID: ab12] ${body}` }) }),
      'knowledge:search failed, request ID ab12',
    ],
    ['status 503', (body: string) => ({ status: 503, body }), 'knowledge:search failed'],
    ['something else', (body: string) => ({ body }), 'knowledge:search failed'],
    ['no JSON', (body: string) => ({ body: `<${body}>` }), 'knowledge:search failed'],
  ])('%s is an error without the arguments that it repeats', async (_, answer, message) => {
    const open = await serve(answer);
    const error = await open()
      .search(queryOf({ text: TEXT }), NEVER)
      .catch((thrown: unknown) => thrown);
    expect((error as Error).message).toBe(message);
    expectSilent(error);
  });

  test('silence ends after the timeout, and when nobody waits any more', async () => {
    const open = await serve(() => undefined);
    const startedMs = performance.now();
    await expect(open(100).search(queryOf(), NEVER)).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    const caller = new AbortController();
    const left = open().search(queryOf(), caller.signal);
    setTimeout(() => caller.abort(new Error('hung up')), 20);
    await expect(left).rejects.toThrow('hung up');
  });

  test('a port where nobody listens is the error of the network', async () => {
    const source = convexKnowledgeSource({ url: 'http://127.0.0.1:1', secret: SECRET });
    const error = await source.search(queryOf({ text: TEXT }), NEVER).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TypeError);
    expectSilent(error);
  });

  const passage = { chunkId: 'c', documentId: 'd', knowledgeBaseId: 'k', title: 't', text: TEXT, score: 1 };
  test.each([
    [null, 'a search must return a list of passages, got object'],
    [[null], 'passage 0 must be an object, got object'],
    [[passage, { ...passage, title: 7 }], 'title of passage 1 must be a string, got number'],
    [[{ ...passage, chunkId: undefined }], 'chunkId of passage 0 must be a string, got undefined'],
    [[{ ...passage, score: 'high' }], 'score of passage 0 must be a finite number, got string'],
  ])('a malformed answer is an error that names the field: %j', async (value, message) => {
    const logs = (['log', 'info', 'warn', 'error'] as const).map((level) => vi.spyOn(console, level));
    onTestFinished(() => void vi.restoreAllMocks());
    const open = await serve(() => ({ body: JSON.stringify({ status: 'success', value, logLines: [TEXT] }) }));
    const error = await open()
      .search(queryOf({ text: TEXT }), NEVER)
      .catch((thrown: unknown) => thrown);
    expect((error as Error).message).toBe(message);
    expectSilent(error);
    for (const log of logs) expect(log).not.toHaveBeenCalled();
  });
});

test.each([
  [{ url: 'acme.convex.cloud' }, 'url must be that of a Convex deployment, https://…, got "acme.convex.cloud"'],
  [{ url: undefined as never }, 'url must be that of a Convex deployment'],
  [{ secret: '' }, 'secret must be a non-empty string'],
  [{ timeoutMs: Number.NaN }, 'timeoutMs must be a number of milliseconds above 0'],
])('bad options are a TypeError: %j', (more, message) => {
  const build = () => convexKnowledgeSource({ url: 'https://acme.convex.cloud', secret: SECRET, ...more });
  expect(build).toThrow(TypeError);
  expect(build).toThrow(message);
});

/** Neither the error nor what caused it may tell what was asked, or with which secret. */
function expectSilent(error: unknown, secret = SECRET): void {
  expect(error).toBeInstanceOf(Error);
  const { message, stack, cause } = error as Error;
  const told = [message, stack, String(cause), JSON.stringify(error), JSON.stringify(cause)].join('\n');
  expect(told).not.toMatch(/zephyrine/iu);
  expect(told).not.toContain(secret);
}

/** Of the dimensions that the functions ask for; different texts point in different directions. */
function vectorOf(text: string): number[] {
  const vector = Array.from({ length: 1_536 }, () => 0);
  for (const char of text) vector[(char.codePointAt(0) ?? 0) % 1_536]! += 1;
  return vector;
}
