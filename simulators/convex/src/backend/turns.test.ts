import { expect, test } from 'vitest';
import { Turns } from './turns.ts';

test('one job at a time, in order of arrival, urgent ones first; a failed one lets the next go', async () => {
  const turns = new Turns();
  const trace: string[] = [];
  const job = (name: string) => async (): Promise<void> => {
    trace.push(`${name} starts`);
    await new Promise((resolve) => setImmediate(resolve));
    trace.push(`${name} ends`);
    if (name === 'first') throw new Error('failed');
  };
  const results = await Promise.allSettled([
    turns.take(job('first')),
    turns.take(job('second')),
    turns.take(job('third')),
    turns.take(job('urgent'), { isUrgent: true }),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
  expect(trace).toEqual(['first', 'urgent', 'second', 'third'].flatMap((name) => [`${name} starts`, `${name} ends`]));
});

test('a newcomer does not overtake the one whose turn it is', async () => {
  const turns = new Turns();
  const order: string[] = [];
  let newcomer: Promise<void> | undefined;
  const add = (name: string) => async (): Promise<void> => void order.push(name);
  const first = turns.take(add('first')).then(() => {
    newcomer = turns.take(add('newcomer'));
  });
  await Promise.all([first, turns.take(add('waiting'))]);
  await newcomer;
  expect(order).toEqual(['first', 'waiting', 'newcomer']);
});
