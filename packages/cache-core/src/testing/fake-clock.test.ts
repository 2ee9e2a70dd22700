import { expect, test } from 'vitest';
import { FakeClock } from './index.ts';

test('time stands still until it is moved', async () => {
  const clock = new FakeClock(500);
  expect(clock.now()).toBe(500);
  await clock.advance(20);
  expect(clock.now()).toBe(520);
});

test('calls come in the order of their time, ties in the order they were asked for, each at its own time', async () => {
  const clock = new FakeClock(0);
  const calls: string[] = [];
  const note = (name: string) => () => void calls.push(`${name} at ${clock.now()}`);
  clock.after(30, note('late'));
  clock.after(10, note('first'));
  clock.after(10, note('second'));
  clock.after(50, note('beyond'));
  await clock.advance(40);
  expect(calls).toEqual(['first at 10', 'second at 10', 'late at 30']);
  expect(clock.pending).toBe(1);
  expect(clock.now()).toBe(40);
});

test('promise callbacks run between two calls, and may ask for more within the same advance', async () => {
  const clock = new FakeClock(0);
  const calls: string[] = [];
  clock.after(10, () => {
    void Promise.resolve().then(() => {
      calls.push('callback');
      clock.after(5, () => calls.push(`asked meanwhile at ${clock.now()}`));
    });
  });
  clock.after(20, () => calls.push('second'));
  await clock.advance(20);
  expect(calls).toEqual(['callback', 'asked meanwhile at 15', 'second']);
});

test('a cancelled call never comes; cancelling late or twice does nothing', async () => {
  const clock = new FakeClock();
  let calls = 0;
  const cancel = clock.after(5, () => calls++);
  cancel();
  cancel();
  clock.after(1, () => calls++);
  await clock.advance(10);
  cancel();
  expect(calls).toBe(1);
  expect(clock.pending).toBe(0);
});
