import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startConvexSimulator } from './index.ts';
import type { ConvexSimulator } from './index.ts';
import { FUNCTIONS, api, eventually, httpClient, post, rawSocket } from './simulator.fixture.ts';

let simulator: ConvexSimulator;
beforeAll(async () => {
  simulator = await startConvexSimulator({ functions: FUNCTIONS });
});
afterAll(() => simulator.close());

/** Whatever came in: it still works, and it is the same process. */
async function expectAlive(): Promise<void> {
  expect(await httpClient(simulator).query(api.values!.probe!, { tick: 1 })).toBe(1);
  expect(process.kill(simulator.pid, 0)).toBe(true);
}

describe('over HTTP', () => {
  const query = (body: unknown): Promise<unknown> => post(simulator, '/api/query', body);

  test.each([
    ['{', 'BadJsonBody'],
    ['', 'BadJsonBody'],
    ['null', 'BadRequest'],
    ['[]', 'BadRequest'],
    ['{}', 'BadRequest'],
    ['{"path":7,"args":{}}', 'BadRequest'],
    ['{"path":"values:echo","args":"text"}', 'BadRequest'],
    ['{"path":"values:echo","args":[7]}', 'InvalidArguments'],
    ['{"path":"values:echo","args":[[]]}', 'InvalidArguments'],
    ['{"path":"values:echo","args":{"value":{"$integer":"short"}}}', 'InvalidArguments'],
    ['{"path":"values:echo","args":{"value":{"$bytes":7}}}', 'InvalidArguments'],
    ['{"path":"values:echo","args":{"value":{"$unknown":"x"}}}', 'InvalidArguments'],
  ])('%s is refused with 400 %s', async (body, code) => {
    expect(await query(body)).toEqual({ status: 400, body: { code, message: expect.any(String) } });
    await expectAlive();
  });

  test.each([
    '',
    ':',
    '__proto__:x',
    'values:constructor',
    'values:__proto__',
    '../secret:x',
    '_generated/api:api',
    'a'.repeat(1e5),
  ])('there is no function %#', async (path) => {
    const { status, body } = (await query({ path, args: {} })) as { status: number; body: { status: string } };
    expect([status, body.status]).toEqual([200, 'error']);
  });

  test.each([
    ['GET', '/', 404],
    ['GET', '/api/mutation?path=notes:add&args={}', 404],
    ['GET', '/api/query?path=notes:list&args={', 400],
    ['PUT', '/api/query', 404],
    ['POST', '/api/run/%E0%A4%A', 400],
    ['GET', '//', 404],
    ['POST', '/_faults', 400],
    ['DELETE', '/_ledger', 404],
  ])('%s %s is answered with %d', async (method, path, status) => {
    expect((await fetch(simulator.url + path, { method })).status).toBe(status);
  });

  test('arguments nested too deep and very long are answered', async () => {
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    const response = await fetch(`${simulator.url}/api/query`, {
      method: 'POST',
      body: `{"path":"values:echo","args":{"value":${deep}}}`,
    });
    expect([200, 400, 500]).toContain(response.status);
    const long = 'x'.repeat(5e6);
    expect(await httpClient(simulator).query(api.values!.echo!, { value: long })).toBe(long);
  });

  test('a body that is too large is refused with 413', async () => {
    const socket = connect(Number(new URL(simulator.url).port), '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => undefined);
    let answer = '';
    socket.on('data', (data: Buffer) => (answer += data.toString('utf8')));
    const size = 30 * 1024 * 1024;
    socket.write(`POST /api/query HTTP/1.1\r\nHost: x\r\nContent-Length: ${size}\r\n\r\n`);
    socket.write(Buffer.alloc(21 * 1024 * 1024, 'x'));
    await eventually(() => answer.includes('\r\n\r\n'));
    expect(answer).toMatch(/^HTTP\/1\.1 413 /u);
    await expectAlive();
  });

  test.each(['Bearer', 'Bearer x.y.z', 'Basic abc', 'Convex simulator-deploy-key:???', 'Convex '])(
    'the credentials %j are refused with 401',
    async (authorization) => {
      const body = { path: 'values:probe', args: { tick: 1 } };
      expect(await post(simulator, '/api/query', body, { authorization })).toMatchObject({ status: 401 });
    },
  );

  test('bytes that are no HTTP, and a client that goes away in the middle', async () => {
    for (const bytes of [
      '\u0000\u0001\u0002\r\n\r\n',
      'POST /api/query HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"pa',
    ]) {
      const socket = connect(Number(new URL(simulator.url).port), '127.0.0.1');
      await new Promise((resolve) => socket.once('connect', resolve));
      socket.on('error', () => undefined);
      await new Promise((resolve) => socket.write(bytes, resolve));
      socket.destroy();
    }
    expect(await httpClient(simulator).query(api.values!.probe!, { tick: 2 })).toBe(2);
  });
});

describe('over a socket', () => {
  test.each([
    ['no json', 'The message is not JSON'],
    ['7', 'Bad message'],
    ['{"type":"Nothing"}', 'Bad message'],
    ['{"type":"Mutation","requestId":-1,"udfPath":"a","args":[]}', 'requestId'],
    ['{"type":"Mutation","requestId":0,"udfPath":"a","args":{}}', 'args'],
    [
      '{"type":"ModifyQuerySet","baseVersion":5,"newVersion":6,"modifications":[]}',
      'baseVersion of the query set should be 0',
    ],
    ['{"type":"ModifyQuerySet","baseVersion":0,"newVersion":0,"modifications":[]}', 'newVersion should be above 0'],
    ['{"type":"Authenticate","tokenType":"None","baseVersion":3}', 'baseVersion of the identity should be 0'],
  ])('%s is answered with a FatalError and closes it', async (message, text) => {
    const raw = await rawSocket(simulator);
    raw.send(message);
    expect(await raw.frame(0)).toEqual({ type: 'FatalError', error: expect.stringContaining(text) });
    await eventually(() => raw.closed.code === 1008);
    await expectAlive();
  });

  test('wrong arguments and unknown functions are errors of the call, not of the socket', async () => {
    const raw = await rawSocket(simulator);
    raw.send({ type: 'Mutation', requestId: 0, udfPath: 'notes:add', args: [7] });
    raw.send({ type: 'Mutation', requestId: 1, udfPath: 'notes:add', args: [{ owner: { $integer: 'x' } }] });
    raw.send({ type: 'Action', requestId: 2, udfPath: '__proto__:x', args: [] });
    const add = { type: 'Add', queryId: 0, udfPath: 'notes:list', args: ['text'] };
    raw.send({ type: 'ModifyQuerySet', baseVersion: 0, newVersion: 1, modifications: [add] });
    raw.send({ type: 'Authenticate', tokenType: 'Admin', value: 'wrong', baseVersion: 0 });
    await raw.frame(4);
    const types = raw.frames.map((text) => JSON.parse(text) as { type: string; modifications?: { type: string }[] });
    expect(types.map(({ type, modifications }) => modifications?.[0]?.type ?? type).toSorted()).toEqual([
      'ActionResponse',
      'AuthError',
      'MutationResponse',
      'MutationResponse',
      'QueryFailed',
    ]);
    expect(raw.closed).toEqual({});
  });

  test('an upgrade elsewhere and a message that is too large', async () => {
    await expect(rawSocket(simulator, '/api/sync')).rejects.toThrow('404');
    await expect(rawSocket(simulator, '/_ledger')).rejects.toThrow('404');
    const raw = await rawSocket(simulator);
    raw.send('x'.repeat(21 * 1024 * 1024));
    await eventually(() => raw.closed.code === 1009);
    await expectAlive();
  });
});
