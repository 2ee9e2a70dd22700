import { expect, test } from 'vitest';
import type { Backend } from '../backend/backend.ts';
import { Turns } from '../backend/turns.ts';
import { Broadcaster } from './broadcaster.ts';
import type { Session } from './session.ts';

/** One session with one transition due, whose refresh does what the test wants. */
function broadcast(turns: Turns, refresh: () => Promise<void>, trace: string[]): void {
  let isDue = true;
  const session = {
    begin: () => {
      if (!isDue) return undefined;
      isDue = false;
      return { refresh, send: () => void trace.push('send') };
    },
  };
  const backend = { turns, writes: 0, clock: { current: 1n }, onWrite: () => undefined };
  const broadcaster = new Broadcaster(backend as unknown as Backend);
  broadcaster.add(session as unknown as Session);
  broadcaster.wake();
}

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a mutation that comes during a round waits until everything is sent', async () => {
  const trace: string[] = [];
  const turns = new Turns();
  let mutated: Promise<unknown> | undefined;
  const refresh = async (): Promise<void> => {
    mutated = turns.take(async () => trace.push('mutation'));
    await tick();
    await tick();
    trace.push('refreshed');
  };
  broadcast(turns, refresh, trace);
  await expect.poll(() => trace.length).toBe(3);
  await mutated;
  expect(trace).toEqual(['refreshed', 'send', 'mutation']);
});
