import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Machine } from './machine.fixture.ts';
import { FaultProxy, RedisServer } from './testing/index.ts';

const MINUTE_MS = 60_000;

describe('the time of the cluster', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  async function serverMs(): Promise<number> {
    const [seconds, micros] = (await server.command('TIME')) as [string, string];
    return Number(seconds) * 1_000 + Number(micros) / 1_000;
  }

  test.each([5 * MINUTE_MS, -5 * MINUTE_MS])(
    'is that of the server on a machine whose clock is %d ms off',
    async (offMs) => {
      await using right = await Machine.join({ url: server.url });
      const now = Date.now;
      const spy = vi.spyOn(Date, 'now').mockImplementation(() => now() + offMs);
      await using wrong = await Machine.join({ url: server.url });
      expect(Math.abs(wrong.tier.now() - right.tier.now())).toBeLessThan(20);
      expect(Math.abs(wrong.tier.now() - (await serverMs()))).toBeLessThan(50);
      // Neither makes what the other has stored last longer, or end sooner.
      const options = { ttl: 400, grace: 0 };
      for (const [writer, reader] of [
        [right, wrong],
        [wrong, right],
      ] as const) {
        await writer.cache(options).set('k', 'value');
        const storedMs = performance.now();
        await sleep(200);
        expect(await reader.look('k', options)).toBe('value');
        // What it takes along into its process ends as early.
        const here = reader.cache(options);
        expect(await here.get('k')).toBe('value');
        await sleep(400 - (performance.now() - storedMs) + 20);
        expect(here.peek('k')).toBeUndefined();
        expect(await reader.look('k', options)).toBeUndefined();
      }
      spy.mockRestore();
    },
  );

  test('is asked for once, and on a slow network, too', async () => {
    await using proxy = await FaultProxy.start({ port: server.port });
    proxy.set({ latencyMs: 50 });
    await using slow = await Machine.join({ url: proxy.url });
    expect(Math.abs(slow.tier.now() - (await serverMs()))).toBeLessThan(60);
    proxy.commands.reset();
    await Promise.all(Array.from({ length: 10 }, () => slow.look('k')));
    expect(proxy.commands.count('EVAL')).toBe(0);
    await using fresh = Machine.start({ url: server.url });
    expect(() => fresh.tier.now()).toThrow('not known yet');
  });
});
