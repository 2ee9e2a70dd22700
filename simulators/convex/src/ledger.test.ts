import { expect, test } from 'vitest';
import type { FunctionLedger } from './index.ts';
import { api, eventually, httpClient, rawSocket, start, syncClient, watch } from './simulator.fixture.ts';

function counts(some: Partial<FunctionLedger>): FunctionLedger {
  const none = {
    queries: 0,
    cached: 0,
    mutations: 0,
    actions: 0,
    scheduled: 0,
    updates: 0,
    errors: 0,
    runs: 0,
    billable: 0,
  };
  return { ...none, ...some };
}

test('counts every call by function and how Convex would bill it', async () => {
  const simulator = await start();
  const http = httpClient(simulator);
  const client = syncClient(simulator);
  for (let n = 0; n < 3; n += 1) await http.query(api.notes!.list!, { owner: 'a' });
  const watched = watch(client, api.notes!.list!, { owner: 'a' });
  await watched.until((seen) => seen.length === 1);
  await http.mutation(api.notes!.addLater!, { owner: 'a', text: 'x' });
  await watched.until((seen) => seen.length === 2);
  await http.action(api.notes!.addByAction!, { owner: 'b', text: 'y' });
  await http.mutation(api.notes!.addAndFail!, { owner: 'a' }).catch(() => undefined);
  await http.query(api.values!.fail!, {}).catch(() => undefined);
  await http.query(api.notes!.nothing!, {}).catch(() => undefined);

  const { functions, totals, commits } = await simulator.ledger();
  expect(functions).toEqual({
    // Calls: 3 over HTTP, 1 by the subscription, 2 by the action. Runs: 2 for the action; for the others the first, and one
    // after each write to the table, of which only the first changed the result. A write that is rolled back counts too.
    'notes:list': counts({ queries: 6, cached: 3, updates: 1, runs: 6, billable: 7 }),
    'notes:addLater': counts({ mutations: 1, billable: 1 }),
    'notes:addInternal': counts({ mutations: 1, scheduled: 1, billable: 2 }),
    'notes:addByAction': counts({ actions: 1, billable: 1 }),
    'notes:addAndFail': counts({ mutations: 1, errors: 1, billable: 1 }),
    '(unknown)': counts({ errors: 1 }),
    'values:fail': counts({ queries: 1, errors: 1, runs: 1, billable: 1 }),
  });
  expect(totals.billable).toBe(13);
  expect(commits.map(({ path }) => path)).toEqual(['notes:addLater', 'notes:addInternal', 'notes:addInternal']);
});

test('the commits carry growing timestamps and both clocks', async () => {
  const simulator = await start();
  const http = httpClient(simulator);
  const before = { monotonic: Number(process.hrtime.bigint()) / 1e6, wall: Date.now() };
  await http.mutation(api.notes!.add!, { owner: 'a', text: '1' });
  await http.mutation(api.notes!.add!, { owner: 'a', text: '2' });
  const after = { monotonic: Number(process.hrtime.bigint()) / 1e6, wall: Date.now() };
  const { commits } = await simulator.ledger();
  expect(commits.length).toBe(2);
  const [first, second] = commits;
  expect(BigInt(second!.ts)).toBeGreaterThan(BigInt(first!.ts));
  expect(first!.at_ms).toBeGreaterThan(before.monotonic);
  expect(second!.at_ms).toBeGreaterThan(first!.at_ms);
  expect(second!.at_ms).toBeLessThan(after.monotonic);
  expect(first!.wall_ms).toBeGreaterThanOrEqual(before.wall - 1);
  expect(second!.wall_ms).toBeLessThanOrEqual(after.wall + 1);
});

test('counts requests, sockets and bytes, and forgets all but open sockets on a reset', async () => {
  const simulator = await start();
  const body = JSON.stringify({ path: 'values:probe', args: { tick: 1 } });
  const reply = await (await fetch(`${simulator.url}/api/query`, { method: 'POST', body })).text();
  const raw = await rawSocket(simulator);
  const message = '{"type":"Mutation","requestId":0,"udfPath":"notes:nothing","args":[{}]}';
  raw.send(message);
  await raw.frame(0);
  const { requests, bytes, sockets } = await simulator.ledger();
  expect({ requests, bytes, sockets }).toEqual({
    requests: 1,
    bytes: {
      http_in: body.length,
      http_out: reply.length,
      socket_in: message.length,
      socket_out: raw.frames[0]!.length,
    },
    sockets: { open: 1, opened: 1, peak: 1 },
  });
  await simulator.reset();
  expect(await simulator.ledger()).toEqual({
    functions: {},
    totals: counts({}),
    requests: 0,
    bytes: { http_in: 0, http_out: 0, socket_in: 0, socket_out: 0 },
    sockets: { open: 1, opened: 0, peak: 1 },
    commits: [],
  });
  raw.socket.close();
  await eventually(async () => (await simulator.ledger()).sockets.open === 0);
});

test('a seed and its calls are not in the ledger', async () => {
  const simulator = await start({ seed: 'two' });
  expect((await simulator.ledger()).functions).toEqual({});
});
