import { inspect } from 'node:util';
import { FakeClock } from '@warmline/cache-core/testing';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { ChangeSubscription, ChangeWindow } from '../change-feed.ts';
import { FeedWatcher } from '../feed-watcher.ts';
import { RecordFixture } from '../feed.fixture.ts';
import { convexChangeFeed } from './convex-change-feed.ts';
import type { ConvexChangeFeedOptions } from './convex-change-feed.ts';
import { DeploymentFixture, eventually, pause, SECRET } from './deployment.fixture.ts';

let deployment: DeploymentFixture;
beforeAll(async () => {
  deployment = await DeploymentFixture.start();
});
afterEach(() => deployment.simulator.reset());
afterAll(() => deployment.close());

interface Listening {
  readonly windows: ChangeWindow[];
  readonly errors: unknown[];
  readonly subscription: ChangeSubscription;
}

function listen(url: string, options: Partial<ConvexChangeFeedOptions> = {}): Listening {
  const windows: ChangeWindow[] = [];
  const errors: unknown[] = [];
  const subscription = convexChangeFeed({ url, secret: SECRET, ...options }).subscribe({
    onWindow: (window) => windows.push(window),
    onError: (error) => errors.push(error),
  });
  onTestFinished(() => subscription.close());
  return { windows, errors, subscription };
}

test('tells of every commit, in order, deletions included', async () => {
  const { windows } = listen(deployment.url);
  await eventually(() => windows.length === 1);
  const before = windows[0]!.changes.length;
  const a = await deployment.create('Hello');
  await deployment.update(a, 'Namaste');
  await deployment.remove(a);
  await eventually(() => windows.at(-1)?.changes.length === before + 3);
  const { changes, isWhole } = windows.at(-1)!;
  expect(isWhole).toBe(true);
  const newest = changes.slice(-3);
  expect(newest.map(({ kind, id, deleted }) => ({ kind, id, deleted }))).toEqual([
    { kind: 'agent', id: a, deleted: false },
    { kind: 'agent', id: a, deleted: false },
    { kind: 'agent', id: a, deleted: true },
  ]);
  expect(newest[0]!.at < newest[1]!.at && newest[1]!.at < newest[2]!.at).toBe(true);
});

test('when a probe resolves, everything acknowledged before it has been handed over', async () => {
  const { windows, subscription } = listen(deployment.url);
  const agentId = await deployment.create('Hello');
  let compared = 0;
  let last = 0n;
  for (let round = 0; round < 100; round++) {
    await deployment.update(agentId, `Hello ${round}`);
    await subscription.probe(AbortSignal.timeout(2_000));
    const newest = windows.at(-1)!.changes.at(-1)!;
    expect(newest.id).toBe(agentId);
    expect(newest.at > last).toBe(true);
    last = newest.at;
    compared++;
  }
  expect(compared).toBe(100);
  // While others commit at the same time.
  const updates = Promise.all(Array.from({ length: 50 }, () => deployment.update(agentId, 'again')));
  const acknowledged = windows.at(-1)!.changes.at(-1)!.at;
  await updates;
  await subscription.probe(AbortSignal.timeout(2_000));
  expect(windows.at(-1)!.changes.every(({ at }) => at > acknowledged)).toBe(true);
});

test('a probe ends with its signal, and leaves nothing subscribed', async () => {
  const { windows, subscription } = listen(deployment.url);
  await eventually(() => windows.length === 1);
  const reason = new Error('too late');
  await expect(subscription.probe(AbortSignal.abort(reason))).rejects.toBe(reason);
  await subscription.probe(AbortSignal.timeout(2_000));
  await deployment.create('Hello');
  await eventually(() => windows.length === 2);
});

describe('comes back', () => {
  test('after the socket was closed, with what was missed', async () => {
    const { windows, errors, subscription } = listen(deployment.url);
    await eventually(() => windows.length === 1);
    for (let round = 1; round <= 3; round++) {
      const seen = windows.length;
      await deployment.simulator.setFaults({ close: { code: 1011, reason: 'InternalServerError' } });
      await eventually(() => errors.length === round);
      const created = await deployment.create('Hello');
      const ms = await eventually(() => windows.length > seen);
      expect(ms).toBeLessThan(1_000);
      expect(windows.at(-1)!.changes.at(-1)!.id).toBe(created);
      await subscription.probe(AbortSignal.timeout(2_000));
    }
    expect(errors.map((error) => (error as Error).message)).toEqual(Array(3).fill('the connection to Convex was lost'));
  });

  test('after the server was away for longer, within a second of its return', async () => {
    const { windows, errors, subscription } = listen(deployment.url);
    await eventually(() => windows.length === 1);
    await deployment.simulator.setFaults({ refuse: {} });
    await eventually(() => errors.length === 1);
    await expect(subscription.probe(AbortSignal.timeout(2_000))).rejects.toThrow(/Convex/u);
    await pause(4_000);
    await deployment.simulator.setFaults({ refuse: null });
    expect(await eventually(() => windows.length === 2)).toBeLessThan(1_100);
    // However often it was tried.
    expect(errors).toHaveLength(1);
    await subscription.probe(AbortSignal.timeout(2_000));
  });

  test('after the server fell silent, when two probes have failed', async () => {
    const { windows, errors, subscription } = listen(deployment.url);
    await eventually(() => windows.length === 1);
    // A socket that is silent stays so; the next one is not.
    await deployment.simulator.setFaults({ silent: {} });
    await expect(subscription.probe(AbortSignal.timeout(200))).rejects.toMatchObject({ name: 'TimeoutError' });
    await deployment.simulator.setFaults({ silent: null });
    await expect(subscription.probe(AbortSignal.timeout(200))).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(errors).toMatchObject([{ message: 'Convex does not answer' }]);
    expect(await eventually(() => windows.length === 2)).toBeLessThan(1_100);
    await subscription.probe(AbortSignal.timeout(2_000));
  });
});

test('a refused secret is told once, is proof of nothing, and appears nowhere', async () => {
  const { windows, errors, subscription } = listen(deployment.url, { secret: 'a wrong one', reopenMs: 50 });
  await eventually(() => errors.length === 1);
  expect(errors[0]).toMatchObject({ data: { code: 'unauthorized' } });
  const failures = [];
  for (let probes = 0; probes < 4; probes++) {
    await pause(200);
    failures.push(await subscription.probe(AbortSignal.timeout(2_000)).catch((error: unknown) => error));
  }
  expect(failures.every((error) => error instanceof Error)).toBe(true);
  expect(windows).toEqual([]);
  expect(errors).toHaveLength(1);
  expect(inspect([...errors, ...failures], { depth: null, showHidden: true })).not.toContain('a wrong one');
});

test('what is no feed is an error that names the field; a probe over it proves nothing', async () => {
  const { windows, errors, subscription } = listen(deployment.url, { names: { changes: 'agents:listTop' } });
  await eventually(() => errors.length === 1);
  await expect(subscription.probe(AbortSignal.timeout(2_000))).rejects.toThrow('the feed of changes cannot be read');
  expect(windows).toEqual([]);
});

test('close ends everything, also over a silent socket, and twice', async () => {
  const { windows, errors, subscription } = listen(deployment.url);
  await eventually(() => windows.length === 1);
  await deployment.simulator.setFaults({ silent: {} });
  const probe = subscription.probe(AbortSignal.timeout(5_000));
  const failed = probe.catch((error: unknown) => error);
  const startedMs = performance.now();
  await Promise.all([subscription.close(), subscription.close()]);
  expect(await failed).toMatchObject({ message: 'the feed was closed' });
  expect(performance.now() - startedMs).toBeLessThan(1_000);
  await expect(subscription.probe(AbortSignal.timeout(100))).rejects.toThrow('the feed was closed');
  expect(errors).toEqual([]);
});

test('the watcher over it: live, lapsed while silent, live again, and nothing lost', async () => {
  const agentId = await deployment.create('Hello');
  const record = new RecordFixture(new FakeClock());
  const applied: string[] = [];
  const states: string[] = [];
  const watcher = new FeedWatcher({
    feed: convexChangeFeed({ url: deployment.url, secret: SECRET }),
    record,
    probeMs: 200,
    liveMs: 400,
    onChanges: async (changes) => void applied.push(...changes.map(({ id }) => id)),
    onGap: async () => void applied.push('gap'),
    onEvent: (event) => {
      if (event.type === 'watch') states.push(event.state);
    },
  });
  onTestFinished(() => watcher.close());
  await eventually(() => states.at(-1) === 'live');
  expect(applied).toEqual(['gap']);
  await deployment.update(agentId, 'Namaste');
  expect(await eventually(() => applied.length === 2)).toBeLessThan(100);
  await deployment.simulator.setFaults({ silent: {} });
  await eventually(() => states.at(-1) === 'lapsed');
  await deployment.update(agentId, 'Vanakkam');
  await pause(300);
  expect(applied).toHaveLength(2);
  await deployment.simulator.setFaults({ silent: null });
  await eventually(() => states.at(-1) === 'live');
  expect(applied).toEqual(['gap', agentId, agentId]);
  expect(states).toEqual(['live', 'lapsed', 'live']);
});
