import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startConvexSimulator } from './index.ts';
import type { ConvexSimulator } from './index.ts';
import {
  FUNCTIONS,
  api,
  eventually,
  httpClient,
  pause,
  rawSocket,
  start,
  syncClient,
  watch,
} from './simulator.fixture.ts';

let simulator: ConvexSimulator;
beforeAll(async () => {
  simulator = await startConvexSimulator({ functions: FUNCTIONS });
});
afterAll(() => simulator.close());

describe('the real ConvexClient', () => {
  test('gets the result of now, and then every change, whoever made it', async () => {
    const http = httpClient(simulator);
    const client = syncClient(simulator);
    const notes = watch(client, api.notes!.list!, { owner: 'w' });
    await notes.until(() => notes.seen.length === 1);
    await http.mutation(api.notes!.add!, { owner: 'w', text: 'by http' });
    await notes.until(() => notes.seen.length === 2);
    await client.mutation(api.notes!.add!, { owner: 'w', text: 'by socket' });
    await http.action(api.notes!.addByAction!, { owner: 'w', text: 'by action' });
    await notes.until(() => notes.seen.length === 4);
    await http.mutation(api.notes!.addLater!, { owner: 'w', text: 'by scheduler' });
    await notes.until(() => notes.seen.length === 5);
    expect(notes.seen).toEqual([
      [],
      ['by http'],
      ['by http', 'by socket'],
      ['by http', 'by socket', 'by action'],
      ['by http', 'by socket', 'by action', 'by scheduler'],
    ]);
  });

  test('gets nothing when a commit changes nothing for it', async () => {
    const client = syncClient(simulator);
    const mine = watch(client, api.notes!.list!, { owner: 'mine' });
    await mine.until(() => mine.seen.length === 1);
    await client.mutation(api.notes!.add!, { owner: 'not mine', text: 'x' });
    await client.mutation(api.notes!.addAndFail!, { owner: 'mine' }).catch(() => undefined);
    await client.mutation(api.notes!.add!, { owner: 'mine', text: 'y' });
    await mine.until(() => mine.seen.length === 2);
    expect(mine.seen).toEqual([[], ['y']]);
  });

  test('settles a mutation only when its own queries have it, also without any query', async () => {
    const alone = syncClient(simulator);
    expect(await alone.mutation(api.notes!.addCounted!, { owner: 'own', text: 'x' })).toBe(1);
    const client = syncClient(simulator);
    const count = watch(client, api.notes!.count!, { owner: 'own' });
    await count.until(() => count.seen.length === 1);
    for (let n = 2; n <= 20; n += 1) {
      expect(await client.mutation(api.notes!.addCounted!, { owner: 'own', text: 'x' })).toBe(n);
      expect(client.client.localQueryResult('notes:count', { owner: 'own' })).toBe(n);
    }
  });

  test('runs its mutations in order, although they are sent at once and the first is slow', async () => {
    const client = syncClient(simulator);
    await simulator.setFaults({ slow: { ms: 200, functions: ['notes:add'], count: 1 } });
    const texts = Array.from({ length: 20 }, (_, n) => String(n));
    await Promise.all(texts.map((text) => client.mutation(api.notes!.add!, { owner: 'order', text })));
    expect(await client.query(api.notes!.list!, { owner: 'order' })).toEqual(texts);
  });

  test('gets answers and errors of actions, mutations and queries', async () => {
    const client = syncClient(simulator);
    expect(await client.action(api.notes!.addByAction!, { owner: 'act', text: 'x' })).toEqual(['x']);
    const failed = client.mutation(api.notes!.addAndFail!, { owner: 'e', data: { code: 'no' } });
    await expect(failed).rejects.toMatchObject({ data: { code: 'no' } });
    await expect(client.action(api.notes!.list!, { owner: 'e' })).rejects.toThrow(
      'as Action, but it is defined as Query',
    );
    await expect(client.mutation(api.notes!.addInternal!, {})).rejects.toThrow('Could not find public function');
    const strict = watch(client, api.notes!.strict!, { owner: 'e' });
    await strict.until(() => strict.seen.length === 1);
    await client.mutation(api.notes!.add!, { owner: 'e', text: 'bad' });
    await strict.until(() => strict.seen.length === 2);
    expect(strict.seen).toMatchObject([0, { data: { code: 'bad_note', owner: 'e' } }]);
  });

  test('asks as its user, and again when the user changes', async () => {
    const client = syncClient(simulator);
    const token = (sub: string): string => {
      const now = Math.floor(Date.now() / 1000);
      const claims = { sub, iss: 'x', iat: now, exp: now + 3600 };
      return `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.sig`;
    };
    client.setAuth(async () => token('ann'));
    const who = watch(client, api.values!.whoami!, {});
    await who.until((seen) => seen.at(-1) === 'ann');
    client.setAuth(async () => token('bob'));
    await who.until((seen) => seen.at(-1) === 'bob');
    expect(who.seen.indexOf('ann')).toBeLessThan(who.seen.indexOf('bob'));
  });

  test('catches up after a lost connection', async () => {
    const client = syncClient(simulator);
    const notes = watch(client, api.notes!.list!, { owner: 'lost' });
    await notes.until(() => notes.seen.length === 1);
    await simulator.setFaults({ close: { code: 1011, reason: 'InternalServerError' } });
    await eventually(() => !client.connectionState().isWebSocketConnected);
    const http = httpClient(simulator);
    for (const text of ['1', '2', '3']) await http.mutation(api.notes!.add!, { owner: 'lost', text });
    await notes.until(() => notes.seen.length === 2);
    expect(notes.seen).toEqual([[], ['1', '2', '3']]);
    expect(client.connectionState().connectionCount).toBe(2);
  });

  test('leaves a query, and hears no more of it', async () => {
    const own = await start();
    const client = syncClient(own);
    const seen: unknown[] = [];
    const leave = client.onUpdate(api.notes!.list!, { owner: 'left' }, (value) => seen.push(value));
    await eventually(() => seen.length === 1);
    leave();
    await client.mutation(api.notes!.add!, { owner: 'left', text: 'x' });
    await pause(30);
    expect(seen.length).toBe(1);
    expect((await own.ledger()).functions['notes:list']).toMatchObject({ queries: 1, updates: 0, runs: 1 });
  });
});

test('50 subscribers of one query cost one run of it for each change', async () => {
  const own = await start();
  const clients = Array.from({ length: 50 }, () => syncClient(own));
  const watched = clients.map((client) => watch(client, api.notes!.count!, { owner: 'many' }));
  await Promise.all(watched.map((one) => one.until((seen) => seen.length === 1)));
  for (let n = 1; n <= 5; n += 1) {
    await httpClient(own).mutation(api.notes!.addCounted!, { owner: 'many', text: 'x' });
    await Promise.all(watched.map((one) => one.until((seen) => seen.at(-1) === n)));
  }
  expect(watched.every(({ seen }) => JSON.stringify(seen) === '[0,1,2,3,4,5]')).toBe(true);
  const { functions, sockets } = await own.ledger();
  expect(functions['notes:count']).toMatchObject({ queries: 50, cached: 49, updates: 250, runs: 6, billable: 300 });
  expect(sockets).toEqual({ open: 50, opened: 50, peak: 50 });
});

test('all results of one commit come in one transition of its own, also under a storm of writes', async () => {
  const own = await start();
  const raw = await rawSocket(own);
  raw.send({ type: 'Connect', sessionId: 's', connectionCount: 0, lastCloseReason: null, clientTs: 0 });
  const add = (queryId: number, udfPath: string, owner = 'both'): object => {
    return { type: 'Add', queryId, udfPath, args: [{ owner }] };
  };
  // The others take time to run again, time in which a write could come between the two.
  const others = Array.from({ length: 30 }, (_, n) => add(3 + n, 'notes:list', `other ${n}`));
  const modifications = [add(1, 'notes:list'), ...others, add(2, 'notes:count')];
  raw.send({ type: 'ModifyQuerySet', baseVersion: 0, newVersion: 1, modifications });
  await raw.frame(0);
  const writers = Array.from({ length: 4 }, async () => {
    const http = httpClient(own);
    for (let n = 0; n < 40; n += 1) await http.mutation(api.notes!.addCounted!, { owner: 'both', text: 'x' });
  });
  await Promise.all(writers);
  await eventually(() => raw.frames.at(-1)?.includes('"value":160') === true);

  let version: unknown = { querySet: 0, identity: 0, ts: 'AAAAAAAAAAA=' };
  let last = 0n;
  for (const text of raw.frames) {
    const {
      startVersion,
      endVersion,
      modifications: changed,
    } = JSON.parse(text) as {
      startVersion: unknown;
      endVersion: { ts: string };
      modifications: { queryId: number; value: unknown }[];
    };
    expect(startVersion).toEqual(version);
    version = endVersion;
    const ts = Buffer.from(endVersion.ts, 'base64').readBigUInt64LE();
    expect(ts).toBeGreaterThan(last);
    last = ts;
    const value = (queryId: number): unknown => changed.find((one) => one.queryId === queryId)?.value;
    expect((value(1) as unknown[]).length).toBe(value(2));
  }
  // The first result, and one for each commit: a storm of writes does not starve the readers.
  expect(raw.frames.length).toBe(1 + 160);
});

test('an idle connection gets a ping, a busy one none', async () => {
  const own = await start({ pingIntervalMs: 1000 });
  const raw = await rawSocket(own);
  expect(await raw.frame(0)).toEqual({ type: 'Ping' });
  expect(await raw.frame(1)).toEqual({ type: 'Ping' });
  const before = raw.frames.length;
  for (let n = 0; n < 15; n += 1) {
    raw.send({ type: 'Action', requestId: n, udfPath: 'values:nearest', args: [{}] });
    await pause(100);
  }
  expect(raw.frames.slice(before).filter((frame) => frame.includes('Ping'))).toEqual([]);
});
