import { expect, test } from 'vitest';
import { success, valueOf } from './outcome.ts';
import { QueryCache } from './query-cache.ts';
import type { QueryRun } from './query-cache.ts';
import { ReadSet } from './read-set.ts';
import { TableVersions } from './table-versions.ts';

const call = { path: 'a:b', argsJson: '{}', callerKey: '' };

function runReading(versions: TableVersions, value: string, isPersonal = false): QueryRun {
  const reads = new ReadSet();
  reads.readTable('agents', versions.of('agents'));
  if (isPersonal) reads.readIdentity();
  return { outcome: success(value), reads };
}

test('who joins a run after a write it did not see waits for a run of its own', async () => {
  const versions = new TableVersions();
  const cache = new QueryCache(versions);
  let finish: (run: QueryRun) => void = () => undefined;
  const old = runReading(versions, 'old');
  const first = cache.get(call, () => new Promise((resolve) => (finish = resolve)));
  versions.bump('agents');
  const late = cache.get(call, async () => runReading(versions, 'new'));
  finish(old);
  expect(valueOf((await first).run.outcome)).toBe('old');
  const { run, isCached } = await late;
  expect([valueOf(run.outcome), isCached]).toEqual(['new', false]);
});

test('concurrent misses share a run, hits need none, another table changes nothing', async () => {
  const versions = new TableVersions();
  const cache = new QueryCache(versions);
  let runs = 0;
  const compute = async (): Promise<QueryRun> => {
    runs += 1;
    return runReading(versions, 'x');
  };
  const answers = await Promise.all([1, 2, 3].map(() => cache.get(call, compute)));
  expect(answers.map(({ isCached }) => isCached)).toEqual([false, true, true]);
  versions.bump('other');
  expect((await cache.get({ ...call, callerKey: 'ann' }, compute)).isCached).toBe(true);
  expect(runs).toBe(1);
  versions.bump('agents');
  expect((await cache.get(call, compute)).isCached).toBe(false);
});

test('callers share nothing of a query that asks who they are, not even a run under way', async () => {
  const versions = new TableVersions();
  const cache = new QueryCache(versions);
  const ask = (callerKey: string) =>
    cache.get({ ...call, callerKey }, async () => runReading(versions, callerKey, true));
  const answers = await Promise.all([ask('ann'), ask('bob')]);
  answers.push(await ask('ann'), await ask('bob'), await ask('eve'));
  expect(answers.map(({ run }) => valueOf(run.outcome))).toEqual(['ann', 'bob', 'ann', 'bob', 'eve']);
});
