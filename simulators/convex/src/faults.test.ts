import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startConvexSimulator } from './index.ts';
import type { ConvexSimulator } from './index.ts';
import {
  FUNCTIONS,
  api,
  eventually,
  httpClient,
  pause,
  post,
  rawSocket,
  syncClient,
  watch,
} from './simulator.fixture.ts';

let simulator: ConvexSimulator;
beforeAll(async () => {
  simulator = await startConvexSimulator({ functions: FUNCTIONS, pingIntervalMs: 50 });
});
afterAll(() => simulator.close());
afterEach(() => simulator.reset());

const list = (owner = 'a'): Promise<unknown> => httpClient(simulator).query(api.notes!.list!, { owner });

test('slow: the functions named take longer, over HTTP and socket, as often as said', async () => {
  await simulator.setFaults({ slow: { ms: 1000, functions: ['notes:list', 'notes:addByAction'], count: 2 } });
  const timed = async (call: () => Promise<unknown>): Promise<number> => {
    const from = performance.now();
    await call();
    return performance.now() - from;
  };
  expect(await timed(() => httpClient(simulator).query(api.notes!.count!, { owner: 'a' }))).toBeLessThan(900);
  expect(await timed(() => list())).toBeGreaterThanOrEqual(1000);
  const act = (): Promise<unknown> => syncClient(simulator).action(api.notes!.addByAction!, { owner: 's', text: 'x' });
  expect(await timed(act)).toBeGreaterThanOrEqual(1000);
  expect(await timed(() => list())).toBeLessThan(900);
  expect(await simulator.faults()).toMatchObject({ slow: { ms: 1000, remaining: 0, fired: 2 } });
});

test("status: the call is answered with Convex's body, and the function does not run", async () => {
  await simulator.setFaults({ status: { status: 503, code: 'ServiceUnavailable', message: 'busy', count: 1 } });
  const call = { path: 'notes:add', args: { owner: 'status', text: 'x' } };
  expect(await post(simulator, '/api/mutation', call)).toEqual({
    status: 503,
    body: { code: 'ServiceUnavailable', message: 'busy' },
  });
  expect(await list('status')).toEqual([]);
  await simulator.setFaults({ status: { status: 500 } });
  await expect(list()).rejects.toThrow('{"code":"InternalServerError"');
  await simulator.setFaults({ status: null });
  expect(await list()).toEqual([]);
});

test('drop: the connection is cut, before the function runs or after', async () => {
  const add = (owner: string): Promise<unknown> =>
    httpClient(simulator).mutation(api.notes!.add!, { owner, text: 'x' });
  await simulator.setFaults({ drop: { count: 1 } });
  await expect(add('before')).rejects.toThrow('fetch failed');
  expect(await list('before')).toEqual([]);
  await simulator.setFaults({ drop: { count: 1, after_run: true } });
  await expect(add('after')).rejects.toThrow('fetch failed');
  expect(await list('after')).toEqual(['x']);
});

describe('function_error', () => {
  test('is a ConvexError with data, or a plain error, and the function does not run', async () => {
    const http = httpClient(simulator);
    const add = (): Promise<unknown> => http.mutation(api.notes!.add!, { owner: 'fe', text: 'x' });
    await simulator.setFaults({
      function_error: { data: { code: 'unauthorized' }, functions: ['notes:add'], count: 1 },
    });
    await expect(add()).rejects.toMatchObject({ data: { code: 'unauthorized' } });
    await simulator.setFaults({ function_error: { message: 'oh', functions: ['notes:add'], count: 1 } });
    await expect(add()).rejects.toThrow('Uncaught Error: oh');
    expect(await list('fe')).toEqual([]);
  });

  test('strikes a subscription too, which recovers with the next change', async () => {
    const client = syncClient(simulator);
    await simulator.setFaults({ function_error: { data: 'struck', functions: ['notes:count'], count: 1 } });
    const count = watch(client, api.notes!.count!, { owner: 'sub' });
    await count.until((seen) => seen.length === 1);
    await client.mutation(api.notes!.addCounted!, { owner: 'sub', text: 'x' });
    await count.until((seen) => seen.length === 2);
    expect(count.seen).toMatchObject([{ data: 'struck' }, 1]);
  });
});

test('close: sockets that are open are closed with the code, as many as said', async () => {
  const sockets = [await rawSocket(simulator), await rawSocket(simulator), await rawSocket(simulator)];
  const answer = await post(simulator, '/_faults', { close: { code: 4001, reason: 'why', count: 2 } });
  expect(answer.body).toEqual({ active: {}, closed: 2 });
  const closed = (): object[] => sockets.map((one) => one.closed).filter(({ code }) => code !== undefined);
  await eventually(() => closed().length === 2);
  expect(closed()).toEqual([
    { code: 4001, reason: 'why' },
    { code: 4001, reason: 'why' },
  ]);
});

test('silent: TCP stays open, nothing comes, not even a ping, a pong or a close; a new socket works', async () => {
  const raw = await rawSocket(simulator);
  const add = { type: 'Add', queryId: 0, udfPath: 'notes:list', args: [{ owner: 'silent' }] };
  raw.send({ type: 'ModifyQuerySet', baseVersion: 0, newVersion: 1, modifications: [add] });
  await eventually(() => raw.frames.some((frame) => frame.includes('Transition')));
  await simulator.setFaults({ silent: { count: 1 } });
  // What was under way has arrived.
  await pause(200);
  const frames = raw.frames.length;
  let pongs = 0;
  raw.socket.on('pong', () => (pongs += 1));
  raw.socket.ping();
  raw.send({ type: 'Mutation', requestId: 0, udfPath: 'notes:add', args: [{ owner: 'silent', text: 'swallowed' }] });
  await httpClient(simulator).mutation(api.notes!.add!, { owner: 'silent', text: 'not pushed' });
  await pause(200);
  expect([raw.frames.length, pongs, raw.socket.readyState]).toEqual([frames, 0, raw.socket.OPEN]);
  expect(await list('silent')).toEqual(['not pushed']);
  raw.socket.close();
  await pause(50);
  expect(raw.closed).toEqual({});
  raw.socket.terminate();
  expect(await (await rawSocket(simulator)).frame(0)).toEqual({ type: 'Ping' });
});

test('silent without a count: sockets that come are silent too, until it is switched off', async () => {
  await simulator.setFaults({ silent: {} });
  const raw = await rawSocket(simulator);
  await pause(150);
  expect(raw.frames).toEqual([]);
  await simulator.setFaults({ silent: null });
  await pause(150);
  expect(raw.frames).toEqual([]);
  await (await rawSocket(simulator)).frame(0);
});

test('refuse: everything is cut, sockets that are open at once, and works again afterwards', async () => {
  const client = syncClient(simulator);
  const notes = watch(client, api.notes!.list!, { owner: 'refuse' });
  await notes.until((seen) => seen.length === 1);
  await simulator.setFaults({ refuse: {} });
  await eventually(() => !client.connectionState().isWebSocketConnected);
  await expect(list()).rejects.toThrow('fetch failed');
  await expect(rawSocket(simulator)).rejects.toThrow(/hang up|ECONNRESET/u);
  await simulator.setFaults({ refuse: null });
  await httpClient(simulator).mutation(api.notes!.add!, { owner: 'refuse', text: 'back' });
  await notes.until((seen) => JSON.stringify(seen.at(-1)) === '["back"]');
});

test.each([
  [{ nonsense: {} }, "unknown fault 'nonsense'"],
  [{ slow: { ms: -1 } }, "fault 'slow': ms:"],
  [{ slow: { ms: 1, extra: 1 } }, "fault 'slow'"],
  [{ status: { status: 200 } }, "fault 'status': status:"],
  [{ close: { code: 1006 } }, "fault 'close': code:"],
])('refuses %j and changes nothing', async (faults, message) => {
  await expect(simulator.setFaults(faults as never)).rejects.toThrow(TypeError);
  await expect(simulator.setFaults({ drop: {}, ...faults })).rejects.toThrow(message);
  expect(await simulator.faults()).toEqual({});
});

test('DELETE /_faults and POST /_reset switch all off', async () => {
  await simulator.setFaults({ drop: {}, refuse: {} });
  await fetch(`${simulator.url}/_faults`, { method: 'DELETE' });
  expect(await simulator.faults()).toEqual({});
  await simulator.setFaults({ drop: {} });
  await simulator.reset();
  expect(await simulator.faults()).toEqual({});
});
