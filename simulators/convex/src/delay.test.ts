import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startConvexSimulator } from './index.ts';
import type { ConvexSimulator } from './index.ts';
import { FUNCTIONS, api, httpClient, rawSocket, syncClient, watch } from './simulator.fixture.ts';

const DELAY_MS = 160;
const SEARCH_MS = 400;
/** What a busy machine adds; less than any one delay, so that one too many shows. */
const SLACK_MS = 150;
const TRIES = 6;

let simulator: ConvexSimulator;
beforeAll(async () => {
  simulator = await startConvexSimulator({
    functions: FUNCTIONS,
    delayMs: DELAY_MS,
    functionDelays: { 'values:nearest': SEARCH_MS, 'notes:count': SEARCH_MS },
  });
});
afterAll(() => simulator.close());

async function timed(call: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await call();
  return performance.now() - from;
}

/** The fastest of some tries, as others may keep the machine busy: never faster than modelled, and not a delay slower. */
async function expectModelled(least: number, measure: () => Promise<number>): Promise<void> {
  let fastest = Infinity;
  for (let tries = 0; tries < TRIES && fastest >= least + SLACK_MS; tries += 1) {
    fastest = Math.min(fastest, await measure());
  }
  expect(fastest).toBeGreaterThanOrEqual(least);
  expect(fastest).toBeLessThan(least + SLACK_MS);
}

let unique = 0;
function newOwner(): string {
  unique += 1;
  return `owner ${unique}`;
}

describe('travel', { timeout: 30_000 }, () => {
  test('an HTTP call takes both ways, a cached one, an error and a refused request too', async () => {
    expect.hasAssertions();
    const http = httpClient(simulator);
    const list = (): Promise<unknown> => http.query(api.notes!.list!, { owner: 'warm' });
    const fail = (): Promise<unknown> => http.query(api.values!.fail!, {}).catch(() => undefined);
    const refused = (): Promise<unknown> => fetch(`${simulator.url}/api/query`, { method: 'POST', body: '{' });
    for (const call of [list, list, fail, refused]) await expectModelled(2 * DELAY_MS, () => timed(call));
  });

  test('a push takes one way from the commit', async () => {
    const client = syncClient(simulator);
    await expectModelled(DELAY_MS, async () => {
      const owner = newOwner();
      const notes = watch(client, api.notes!.list!, { owner });
      await notes.until((seen) => seen.length === 1);
      await simulator.reset();
      const mutated = httpClient(simulator).mutation(api.notes!.add!, { owner, text: 'x' });
      await notes.until((seen) => seen.length === 2);
      const now = Number(process.hrtime.bigint()) / 1e6;
      await mutated;
      const [commit] = (await simulator.ledger()).commits;
      expect(commit?.path).toBe('notes:add');
      return now - (commit?.at_ms ?? NaN);
    });
  });

  test('messages keep their order, and travel at the same time', async () => {
    const count = 10;
    await expectModelled(2 * DELAY_MS, async () => {
      const raw = await rawSocket(simulator);
      const answers = (): number[] =>
        raw.frames
          .map((frame) => JSON.parse(frame) as { type: string; requestId: number })
          .filter(({ type }) => type === 'MutationResponse')
          .map(({ requestId }) => requestId);
      const ms = await timed(async () => {
        for (let requestId = 0; requestId < count; requestId += 1) {
          raw.send({ type: 'Mutation', requestId, udfPath: 'notes:add', args: [{ owner: 'order', text: 'x' }] });
        }
        while (answers().length < count) await raw.frame(raw.frames.length);
      });
      expect(answers()).toEqual(Array.from({ length: count }, (_, n) => n));
      return ms;
    });
  });

  test("the simulator's own endpoints are not delayed", async () => {
    const calls = Array.from({ length: TRIES }, () => timed(() => simulator.faults()));
    expect(Math.min(...(await Promise.all(calls)))).toBeLessThan(DELAY_MS);
  });
});

describe('the time a function takes', { timeout: 30_000 }, () => {
  const search = (): Promise<unknown> =>
    httpClient(simulator).action(api.values!.nearest!, { vector: [1, 0, 0], group: 'g' });
  const count = (owner: string): Promise<unknown> => httpClient(simulator).query(api.notes!.count!, { owner });

  test('comes on top for every run, and not for what the query cache answers', async () => {
    expect.hasAssertions();
    await search();
    await expectModelled(2 * DELAY_MS + SEARCH_MS, () => timed(search));
    await expectModelled(2 * DELAY_MS + SEARCH_MS, () => timed(() => count(newOwner())));
    await count('warm');
    await expectModelled(2 * DELAY_MS, () => timed(() => count('warm')));
  });

  test('holds nobody else up', async () => {
    expect.hasAssertions();
    await expectModelled(2 * DELAY_MS + SEARCH_MS, () => timed(() => Promise.all([search(), search(), search()])));
  });
});
