import type { ConvexHttpClient } from 'convex/browser';
import { ConvexError } from 'convex/values';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startConvexSimulator } from './index.ts';
import type { ConvexSimulator } from './index.ts';
import { FUNCTIONS, api, httpClient, post, start } from './simulator.fixture.ts';

let simulator: ConvexSimulator;
let client: ConvexHttpClient;
beforeAll(async () => {
  simulator = await startConvexSimulator({ functions: FUNCTIONS, env: { COLOUR: 'red' } });
  client = httpClient(simulator);
});
afterAll(() => simulator.close());

function jwt(claims: object): string {
  return `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`;
}

describe('the real ConvexHttpClient', () => {
  test('queries, mutates and acts', async () => {
    expect(await client.query(api.notes!.list!, { owner: 'a' })).toEqual([]);
    expect(await client.mutation(api.notes!.addCounted!, { owner: 'a', text: 'x' })).toBe(1);
    expect(await client.query(api.notes!.list!, { owner: 'a' })).toEqual(['x']);
    expect(await client.action(api.notes!.addByAction!, { owner: 'a', text: 'y' })).toEqual(['x', 'y']);
    expect(await client.consistentQuery(api.notes!.list!, { owner: 'a' })).toEqual(['x', 'y']);
  });

  test('gets every kind of value back as it was sent', async () => {
    const value = {
      int: 2n ** 62n,
      bytes: new Uint8Array([1, 2, 255]).buffer,
      nan: NaN,
      infinity: -Infinity,
      minusZero: -0,
      text: 'नमस्ते \u0000 "quoted"',
      list: [null, true, 1.5],
    };
    expect(await client.query(api.values!.echo!, { value })).toEqual(value);
    expect(await client.query(api.values!.echo!, { value: { gone: undefined } })).toEqual({});
  });

  test('searches vectors by an action', async () => {
    const vectors = [
      { group: 'g', vector: [1, 0, 0] },
      { group: 'g', vector: [0, 1, 0] },
      { group: 'other', vector: [1, 0, 0] },
    ];
    await client.mutation(api.values!.setVectors!, { vectors });
    expect(await client.action(api.values!.nearest!, { vector: [1, 0, 0], group: 'g' })).toEqual([1, 0]);
  });

  test('reads commit timestamps that grow', async () => {
    await client.mutation(api.notes!.add!, { owner: 'ts', text: '1' });
    await client.mutation(api.notes!.add!, { owner: 'ts', text: '2' });
    const [first, second] = (await client.query(api.notes!.stamps!, { owner: 'ts' })) as [bigint, bigint];
    expect(second > first).toBe(true);
  });

  test('gets a ConvexError with its data, and nothing of the transaction stays', async () => {
    const data = { code: 'full', limit: 5n };
    const failed = client.mutation(api.notes!.addAndFail!, { owner: 'f', data });
    await expect(failed).rejects.toSatisfy((error) => error instanceof ConvexError && error.data.limit === 5n);
    await expect(failed).rejects.toMatchObject({ data });
    expect(await client.query(api.notes!.list!, { owner: 'f' })).toEqual([]);
  });

  test('gets a plain error with its text, on a development deployment', async () => {
    const failed = client.mutation(api.notes!.addAndFail!, { owner: 'f' });
    await expect(failed).rejects.toThrow(/^\[Request ID: [0-9a-f]{16}\] Server Error\nUncaught Error: a plain text/u);
    await expect(failed).rejects.not.toBeInstanceOf(ConvexError);
  });

  test('gets the error of wrong arguments', async () => {
    await expect(client.query(api.notes!.list!, { owner: 7 })).rejects.toThrow('Validator error');
    await expect(client.query(api.notes!.list!, {})).rejects.toThrow('Missing required field `owner`');
  });

  test('cannot call what is internal, unknown, or of another kind', async () => {
    await expect(client.query(api.notes!.secret!, {})).rejects.toThrow(
      "Could not find public function for 'notes:secret'",
    );
    await expect(client.query(api.notes!.nothing!, {})).rejects.toThrow('Could not find public function');
    await expect(client.query(api.notes!.add!, {})).rejects.toThrow(
      'Trying to execute notes:add as Query, but it is defined as Mutation.',
    );
  });

  test('acts as the user of its token, and the cache keeps users apart', async () => {
    const asked = async (subject: string): Promise<unknown> => {
      const user = httpClient(simulator);
      user.setAuth(jwt({ sub: subject, iss: 'https://issuer' }));
      return await user.query(api.values!.whoami!, {});
    };
    expect(await Promise.all([asked('ann'), asked('bob'), client.query(api.values!.whoami!, {})])).toEqual([
      'ann',
      'bob',
      null,
    ]);
    expect([await asked('bob'), await asked('ann')]).toEqual(['bob', 'ann']);
  });

  test('may do more with the deploy key', async () => {
    const admin = httpClient(simulator) as ConvexHttpClient & { setAdminAuth(key: string, as?: object): void };
    admin.setAdminAuth('simulator-deploy-key');
    expect(await admin.query(api.notes!.secret!, {})).toBe('internal');
    admin.setAdminAuth('simulator-deploy-key', { subject: 'eve', issuer: 'x' });
    expect(await admin.query(api.values!.whoami!, {})).toBe('eve');
    admin.setAdminAuth('another-key');
    await expect(admin.query(api.notes!.secret!, {})).rejects.toThrow('"code":"Unauthenticated"');
  });

  test('runs functions with the environment of its options', async () => {
    expect(await client.query(api.values!.environment!, { name: 'COLOUR' })).toBe('red');
    expect(await client.query(api.values!.environment!, { name: 'WARMLINE_SERVICE_SECRET' })).toBe('simulator-secret');
  });
});

describe('the HTTP API', () => {
  const args = { owner: 'raw' };
  const answer = { status: 200, body: { status: 'success', value: [], logLines: [] } };

  test.each([
    ['/api/query', { path: 'notes:list', format: 'convex_encoded_json', args: [args] }],
    ['/api/query', { path: 'notes.js:list', format: 'json', args }],
    ['/api/function', { path: 'notes:list', args }],
    ['/api/run/notes/list', { args }],
  ])('answers POST %s with %j', async (path, body) => {
    expect(await post(simulator, path, body)).toEqual(answer);
  });

  test('answers GET /api/query', async () => {
    const search = new URLSearchParams({ path: 'notes:list', args: JSON.stringify(args), format: 'json' });
    const response = await fetch(`${simulator.url}/api/query?${search.toString()}`);
    expect({ status: response.status, body: await response.json() }).toEqual(answer);
  });

  test('answers with exactly these bytes', async () => {
    const read = async (body: object): Promise<string> =>
      await (await fetch(`${simulator.url}/api/query`, { method: 'POST', body: JSON.stringify(body) })).text();
    expect(
      await read({
        path: 'values:echo',
        format: 'convex_encoded_json',
        args: [{ value: { $integer: 'AQAAAAAAAAA=' } }],
      }),
    ).toBe('{"status":"success","value":{"$integer":"AQAAAAAAAAA="},"logLines":[]}');
    const failed = JSON.parse(await read({ path: 'values:fail', args: {} })) as Record<string, unknown>;
    expect(Object.keys(failed)).toEqual(['status', 'errorMessage', 'logLines']);
    expect(failed['status']).toBe('error');
  });

  test('gives a timestamp, and refuses one of the future or of long ago', async () => {
    const { ts } = (await post(simulator, '/api/query_ts', '')).body as { ts: string };
    const at = (text: string): Promise<{ status: number }> =>
      post(simulator, '/api/query_at_ts', { path: 'notes:list', args, ts: text });
    expect((await at(ts)).status).toBe(200);
    const shifted = Buffer.alloc(8);
    shifted.writeBigUInt64LE(Buffer.from(ts, 'base64').readBigUInt64LE() - 31_000_000_000n);
    expect((await at(shifted.toString('base64'))).status).toBe(400);
    expect((await at('//////////8=')).status).toBe(400);
    expect((await at('not base64')).status).toBe(400);
  });

  test('serves HTTP actions below /http', async () => {
    const response = await fetch(`${simulator.url}/http/notes`, { method: 'POST', body: 'by http' });
    expect([response.status, response.headers.get('x-from'), await response.text()]).toEqual([
      201,
      'http action',
      'added',
    ]);
    expect(await client.query(api.notes!.list!, { owner: 'http' })).toEqual(['by http']);
    expect((await fetch(`${simulator.url}/http/nowhere`)).status).toBe(404);
  });
});

test('two simulators side by side share nothing', async () => {
  const [one, other] = await Promise.all([start({ seed: 'two' }), start()]);
  expect(await httpClient(one).query(api.notes!.list!, { owner: 'seed' })).toEqual(['one', 'two']);
  expect(await httpClient(other).query(api.notes!.list!, { owner: 'seed' })).toEqual([]);
});

test('a production deployment tells nothing of a plain error, and all of a ConvexError', async () => {
  const production = httpClient(await start({ redactErrors: true }));
  await expect(production.query(api.values!.fail!, {})).rejects.toThrow(/^\[Request ID: [0-9a-f]{16}\] Server Error$/u);
  const failed = production.mutation(api.notes!.addAndFail!, { owner: 'f', data: 'told' });
  await expect(failed).rejects.toMatchObject({ data: 'told' });
});

test("Convex's limits hold if they are asked for", async () => {
  const [limited, free] = await Promise.all([start({ transactionLimits: true }), start()]);
  await expect(httpClient(limited).query(api.values!.readTooMuch!, {})).rejects.toThrow(/index range|limit/iu);
  expect(await httpClient(free).query(api.values!.readTooMuch!, {})).toBe(0);
});
