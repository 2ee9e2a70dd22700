import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { PoolEvent } from './events.ts';
import type { SocketPoolOptions } from './pool-options.ts';
import { SocketPool } from './socket-pool.ts';
import { FakeClock, settled } from './test-kit.fixture.ts';

interface Line {
  readonly name: string;
  alive: boolean;
  closed: boolean;
  pings: number;
  idle: boolean;
}

function setUp(options: Partial<SocketPoolOptions<Line, string>> = {}) {
  const clock = new FakeClock();
  const events: PoolEvent[] = [];
  const lines: Line[] = [];
  const pool = new SocketPool<Line, string>({
    clock,
    onEvent: (event) => events.push(event),
    connectCb: (_timeoutMs, target) =>
      new Promise((resolve) => {
        clock.after(100, () => {
          const line = { name: `${target}${lines.length + 1}`, alive: true, closed: false, pings: 0, idle: false };
          lines.push(line);
          resolve(line);
        });
      }),
    closeCb: (line) => void (line.closed = true),
    isAlive: (line) => line.alive,
    pingCb: (line) => void (line.pings += 1),
    idleCb: (line, idle) => void (line.idle = idle),
    ...options,
  });
  const get = async (target = 'a'): Promise<Line> => {
    const line = pool.get(target);
    await clock.advance(100);
    return line;
  };
  const reasons = (): string[] => events.flatMap((event) => (event.type === 'connection-closed' ? [event.reason] : []));
  return { clock, events, lines, pool, get, reasons };
}

/** What a promise is rejected with; listened for from the start. */
function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'no failure',
    (error: unknown) => error,
  );
}

describe('SocketPool', () => {
  it('connects in parallel', async () => {
    const { clock, pool, lines } = setUp();
    const all = Promise.all([pool.get('a'), pool.get('a'), pool.get('a')]);
    await clock.advance(100);
    expect((await all).map(({ name }) => name)).toEqual(['a1', 'a2', 'a3']);
    expect(lines).toHaveLength(3);
  });

  it('never has more than its cap open, connects in flight included, and serves the line in order', async () => {
    const { clock, pool } = setUp({ maxConnections: 2 });
    const order: string[] = [];
    for (const name of ['first', 'second', 'third', 'fourth']) {
      void pool.get('a').then(async (line) => {
        order.push(name);
        expect(pool.stats().open + pool.stats().connecting).toBeLessThanOrEqual(2);
        await new Promise<void>((resolve) => void clock.after(10, resolve));
        pool.put(line);
      });
    }
    expect(pool.stats()).toMatchObject({ connecting: 2, waiting: 4 });
    await clock.advance(200);
    expect(order).toEqual(['first', 'second', 'third', 'fourth']);
    expect(pool.stats()).toMatchObject({ opened: 2, reused: 2, idle: 2, inUse: 0, waiting: 0 });
  });

  it('hands out the most recently used connection, so that the others can age', async () => {
    const { pool, clock } = setUp();
    const both = Promise.all([pool.get('a'), pool.get('a')]);
    await clock.advance(100);
    const [first, second] = await both;
    pool.put(second);
    pool.put(first);
    expect(await pool.get('a')).toBe(first);
  });

  it('gives a waiter whatever is free first, and keeps the connect begun for it', async () => {
    const { pool, clock, get } = setUp();
    const busy = await get();
    const waiting = pool.get('a');
    await clock.advance(50);
    pool.put(busy);
    expect(await waiting).toBe(busy);
    await clock.advance(50);
    expect(pool.stats()).toMatchObject({ open: 2, idle: 1 });
  });

  it('replaces a dead connection at checkout', async () => {
    const { pool, get, reasons } = setUp();
    const dead = await get();
    pool.put(dead);
    dead.alive = false;
    expect((await get()).name).toBe('a2');
    expect(dead.closed).toBe(true);
    expect(reasons()).toEqual(['dead']);
  });

  it('does not take back a dead connection', async () => {
    const { pool, get } = setUp();
    const line = await get();
    line.alive = false;
    pool.put(line);
    expect(pool.stats()).toMatchObject({ open: 0, idle: 0 });
  });

  it('pings idle connections, and only those', async () => {
    const { pool, clock, get } = setUp({ pingIntervalMs: 25_000, idleTimeoutMs: 1e9 });
    const line = await get();
    await clock.advance(60_000);
    expect(line.pings).toBe(0);
    pool.put(line);
    await clock.advance(60_000);
    expect(line.pings).toBe(2);
    line.alive = false;
    await clock.advance(25_000);
    expect(line).toMatchObject({ pings: 2, closed: true });
  });

  it('closes a connection that is idle too long, too old, or used too often', async () => {
    const { pool, clock, get, reasons } = setUp({ idleTimeoutMs: 1000, maxSessionDurationMs: 5000, maxUses: 2 });
    pool.put(await get());
    await clock.advance(1000);
    expect(reasons()).toEqual(['idle']);
    const old = await get();
    await clock.advance(5000);
    pool.put(old);
    expect(reasons()).toEqual(['idle', 'age']);
    pool.put(await get());
    pool.put(await get());
    expect(reasons()).toEqual(['idle', 'age', 'uses']);
  });

  it('enforces the connect timeout and closes what comes too late', async () => {
    const { pool, clock, lines, events } = setUp({ connectTimeoutMs: 50 });
    const failed = failureOf(pool.get('a'));
    await clock.advance(50);
    expect(await failed).toMatchObject({ code: 'ERR_POOL_CONNECT_TIMEOUT' });
    expect(pool.stats()).toMatchObject({ connecting: 0, refused: 1 });
    await clock.advance(50);
    expect(lines).toMatchObject([{ closed: true }]);
    expect(pool.stats().open).toBe(0);
    expect(events).toEqual([{ type: 'connect-failed', message: 'no connection after 50 ms' }]);
  });

  it('tells a failed connect to the one it was for and gives its slot to the next', async () => {
    const attempts: string[] = [];
    const { pool, clock } = setUp({
      maxConnections: 1,
      connectCb: async (_timeoutMs, target) => {
        attempts.push(target);
        if (attempts.length === 1) throw new Error('refused');
        return { name: target, alive: true, closed: false, pings: 0, idle: false };
      },
    });
    const first = failureOf(pool.get('a'));
    const second = pool.get('b');
    await clock.advance(0);
    expect(await first).toMatchObject({ message: 'refused' });
    expect(await second).toMatchObject({ name: 'b' });
  });

  it('stops waiting after its timeout or when its signal aborts', async () => {
    const { pool, clock, get } = setUp({ maxConnections: 1 });
    const line = await get();
    const late = failureOf(pool.get('a', { timeoutMs: 30 }));
    const abort = new AbortController();
    const aborted = failureOf(pool.get('a', { signal: abort.signal }));
    const patient = pool.get('a');
    abort.abort(new Error('enough'));
    await clock.advance(30);
    expect(await late).toMatchObject({ code: 'ERR_POOL_TIMEOUT' });
    expect(await aborted).toMatchObject({ message: 'enough' });
    expect(pool.stats().waiting).toBe(1);
    pool.put(line);
    expect(await patient).toBe(line);
  });

  it('makes room for another target by closing the idle connection used least recently', async () => {
    const { pool, get, clock, reasons } = setUp({ maxConnections: 2 });
    const both = Promise.all([pool.get('a'), pool.get('a')]);
    await clock.advance(100);
    const [first, second] = await both;
    pool.put(first);
    pool.put(second);
    expect((await get('b')).name).toBe('b3');
    expect([first.closed, second.closed]).toEqual([true, false]);
    expect(reasons()).toEqual(['room']);
  });

  it('does not connect in the place of a connection that is not yet gone', async () => {
    const closed = Promise.withResolvers<void>();
    const { pool, clock, get } = setUp({ maxConnections: 1, closeCb: () => closed.promise });
    pool.put(await get('a'));
    const other = pool.get('b');
    const third = failureOf(pool.get('c', { timeoutMs: 500 }));
    await clock.advance(500);
    expect(pool.stats()).toMatchObject({ open: 0, closing: 1, connecting: 0, waiting: 1 });
    expect(await third).toMatchObject({ code: 'ERR_POOL_TIMEOUT' });
    closed.resolve();
    await clock.advance(100);
    expect(await other).toMatchObject({ name: 'b2' });
  });

  it('makes room too when a connection comes back that nobody in line can use', async () => {
    const { pool, get, clock } = setUp({ maxConnections: 1 });
    const line = await get('a');
    const other = pool.get('b');
    pool.put(line);
    await clock.advance(100);
    expect(await other).toMatchObject({ name: 'b2' });
  });

  it('spares connections in use when it is invalidated, and retires them when they come back', async () => {
    const { pool, clock, get, reasons } = setUp();
    const used = await get();
    const connecting = pool.get('a');
    pool.invalidate();
    expect(used.closed).toBe(false);
    await clock.advance(200);
    expect((await connecting).name).toBe('a3');
    expect(reasons()).toEqual(['invalidated']);
    pool.put(used);
    expect(used.closed).toBe(true);
  });

  it('prewarms as many as asked, within the cap', async () => {
    const { pool, clock } = setUp({ maxConnections: 3 });
    const warm = pool.prewarm('a', 2);
    void pool.prewarm('a', 2);
    await clock.advance(100);
    await warm;
    expect(pool.stats()).toMatchObject({ open: 2, idle: 2 });
    void pool.prewarm('a', 9);
    await clock.advance(100);
    expect(pool.stats()).toMatchObject({ open: 3, idle: 3 });
  });

  it('joins a prewarm under way instead of connecting twice', async () => {
    const { pool, get } = setUp();
    void pool.prewarm('a');
    expect((await get()).name).toBe('a1');
    expect(pool.stats().opened).toBe(1);
  });

  it('lends: takes back on success, closes on failure and on abort', async () => {
    const { pool, clock } = setUp();
    const ok = pool.withConnection('a', async (line) => line.name);
    await clock.advance(100);
    expect(await ok).toBe('a1');
    expect(pool.stats().idle).toBe(1);
    await expect(pool.withConnection('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(pool.stats().open).toBe(0);
    const abort = new AbortController();
    const lent = pool.withConnection('a', () => new Promise(() => {}), { signal: abort.signal });
    await clock.advance(100);
    expect(pool.stats().inUse).toBe(1);
    abort.abort();
    expect(pool.stats().open).toBe(0);
    void lent;
  });

  it('reports a close that fails and lets nobody else feel it', async () => {
    const { pool, clock, events, get } = setUp({ closeCb: () => Promise.reject(new Error('stuck')) });
    const line = await get();
    pool.put(line);
    line.alive = false;
    expect((await get()).name).toBe('a2');
    expect(events).toContainEqual({ type: 'close-failed', message: 'stuck' });
    await clock.advance(0);
    await pool.close();
  });

  it('ends everything when closed', async () => {
    const { pool, clock, lines, get } = setUp({ maxConnections: 3 });
    const used = await get();
    pool.put(await get());
    const busy = await pool.get('a');
    const connecting = failureOf(pool.get('a'));
    const waiting = failureOf(pool.get('a'));
    expect(pool.stats()).toMatchObject({ connecting: 1, waiting: 2 });
    await pool.close();
    expect(pool.stats()).toMatchObject({ connecting: 0, waiting: 0 });
    expect(await connecting).toMatchObject({ code: 'ERR_POOL_CLOSED' });
    expect(await waiting).toMatchObject({ code: 'ERR_POOL_CLOSED' });
    await expect(pool.get('a')).rejects.toMatchObject({ code: 'ERR_POOL_CLOSED' });
    pool.put(busy);
    await clock.advance(100);
    expect(used.closed && lines.every(({ closed }) => closed)).toBe(true);
    expect(clock.pending).toBe(0);
    expect(pool.stats()).toMatchObject({ open: 0, connecting: 0, waiting: 0 });
  });

  it('tells a connection when it is idle and when it is in use again', async () => {
    const { pool, get } = setUp();
    const line = await get();
    pool.put(line);
    expect(line.idle).toBe(true);
    await pool.get('a');
    expect(line.idle).toBe(false);
  });

  it('ignores a connection put twice or not its own', async () => {
    const { pool, get } = setUp();
    const line = await get();
    pool.put(line);
    pool.put(line);
    pool.put({ ...line });
    pool.remove({ ...line });
    expect(pool.stats()).toMatchObject({ open: 1, idle: 1 });
  });

  it('measures how long connects and checkouts take', async () => {
    const { pool, get } = setUp();
    pool.put(await get());
    await pool.get('a');
    expect(pool.stats()).toMatchObject({ connectMs: 100, acquireMs: 80, opened: 1, reused: 1 });
  });

  it('survives a listener that throws', async () => {
    const warned = new Promise((resolve) => process.once('warning', resolve));
    const { pool, get } = setUp({
      onEvent: () => {
        throw new Error('listener');
      },
    });
    pool.put(await get());
    expect(pool.stats().idle).toBe(1);
    await warned;
  });

  it('refuses limits out of range', () => {
    expect(() => setUp({ maxConnections: 0 })).toThrow('maxConnections must be an integer of at least 1, not 0');
    expect(() => setUp({ pingIntervalMs: Number.NaN })).toThrow('pingIntervalMs must be positive, not NaN');
  });

  it('works without a target and on the real clock', async () => {
    await using pool = new SocketPool<object>({ connectCb: async () => ({}) });
    pool.put(await pool.get());
    await wait(1);
    await settled();
    expect(pool.stats()).toMatchObject({ idle: 1 });
  });
});
