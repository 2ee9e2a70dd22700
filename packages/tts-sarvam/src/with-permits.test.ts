import { describe, expect, it, vi } from 'vitest';
import type { PoolEvent } from './events.ts';
import { CountedPermits } from './permits.fixture.ts';
import type { Permit, Permits } from './permits.ts';
import type { SocketPoolOptions } from './pool-options.ts';
import { SocketPool } from './socket-pool.ts';
import { FakeClock, settled } from './test-kit.fixture.ts';

interface Line {
  readonly name: string;
  closed: boolean;
}

const HANDSHAKE_MS = 20;
const CLOSE_MS = 10;

/** Pools on one clock, that share what they are given. */
function setUp(limit: number) {
  const clock = new FakeClock();
  const permits = new CountedPermits(limit, clock);
  const connects: string[] = [];
  const pool = (options: Partial<SocketPoolOptions<Line, string>> = {}) => {
    const events: PoolEvent[] = [];
    const made = new SocketPool<Line, string>({
      clock,
      permits,
      onEvent: (event) => events.push(event),
      connectCb: (_timeoutMs, target) => {
        connects.push(target);
        return new Promise((resolve) => {
          clock.after(HANDSHAKE_MS, () => resolve({ name: `${target}${connects.length}`, closed: false }));
        });
      },
      closeCb: (line) =>
        new Promise((resolve) => {
          clock.after(CLOSE_MS, () => {
            line.closed = true;
            resolve();
          });
        }),
      ...options,
    });
    const get = async (target = 'a'): Promise<Line> => {
      const line = made.get(target);
      await clock.advance(HANDSHAKE_MS);
      return line;
    };
    const story = (): string[] => events.map((event) => ('reason' in event ? `closed: ${event.reason}` : event.type));
    return { pool: made, events, get, story };
  };
  return { clock, permits, connects, pool };
}

/** How a promise stands. */
function watch<R>(promise: Promise<R>): { value?: R; error?: unknown } {
  const outcome: { value?: R; error?: unknown } = {};
  promise.then(
    (value) => (outcome.value = value),
    (error: unknown) => (outcome.error = error),
  );
  return outcome;
}

const NO_PERMIT = { code: 'ERR_POOL_NO_PERMIT' };

describe('a connection', () => {
  it('is opened only with a permit, and is one permit however often it is used', async () => {
    const { permits, pool, connects } = setUp(2);
    const { pool: lines, get } = pool();
    const first = await get();
    await get();
    lines.put(first);
    expect(await get()).toBe(first);
    expect({ connects: connects.length, held: permits.held, granted: permits.granted }).toEqual({
      connects: 2,
      held: 2,
      granted: 2,
    });
  });

  it('is not opened when no permit is free in time: nothing was tried and nothing was refused', async () => {
    const { clock, pool, connects } = setUp(1);
    await pool().get();
    const { pool: other, events } = pool();
    const outcome = watch(other.get('b'));
    await clock.advance(149);
    expect(outcome).toEqual({});
    await clock.advance(1);
    expect(outcome.error).toMatchObject(NO_PERMIT);
    expect(events).toEqual([{ type: 'no-permit', waitMs: 150 }]);
    expect(other.stats()).toMatchObject({ refused: 0, connecting: 0, waiting: 0 });
    expect(connects).toEqual(['a']);
  });

  it('waits for its permit as long as it is told, which may be not at all', async () => {
    const { clock, pool } = setUp(1);
    await pool().get();
    const patient = watch(pool({ permitWaitMs: 400 }).pool.get('b'));
    const hasty = watch(pool({ permitWaitMs: 0 }).pool.get('b'));
    await clock.advance(0);
    expect(hasty.error).toMatchObject(NO_PERMIT);
    await clock.advance(399);
    expect(patient).toEqual({});
    await clock.advance(1);
    expect(patient.error).toMatchObject(NO_PERMIT);
    expect(() => pool({ permitWaitMs: -1 })).toThrow('permitWaitMs must be 0 or more, not -1');
  });

  it('is opened when a permit becomes free in time', async () => {
    const { clock, pool, permits } = setUp(1);
    const { pool: first, get } = pool();
    const line = await get();
    const outcome = watch(pool().pool.get('b'));
    await clock.advance(100);
    first.remove(line);
    await clock.advance(CLOSE_MS + HANDSHAKE_MS);
    expect(outcome.value).toMatchObject({ name: 'b2' });
    expect(permits).toMatchObject({ peak: 1, twice: 0 });
  });

  it('is not warmed up without a permit', async () => {
    const { clock, pool, connects } = setUp(1);
    const { pool: lines, story } = pool();
    const warm = lines.prewarm('a', 3);
    await clock.advance(500);
    await warm;
    expect(connects).toEqual(['a']);
    expect(story()).toEqual(['connection-opened', 'no-permit', 'no-permit']);
    expect(lines.stats()).toMatchObject({ idle: 1, refused: 0 });
  });
});

describe('an idle connection', () => {
  it('is given up when it comes back and its permit is wanted', async () => {
    const { clock, pool, permits } = setUp(1);
    const { pool: lines, get, story } = pool();
    const line = await get();
    const outcome = watch(pool().pool.get('b'));
    await settled();
    lines.put(line);
    expect(story()).toEqual(['connection-opened', 'closed: wanted']);
    await clock.advance(CLOSE_MS - 1);
    expect(permits.held).toBe(1);
    await clock.advance(1 + HANDSHAKE_MS);
    expect(line.closed).toBe(true);
    expect(outcome.value).toBeDefined();
  });

  it('is given up within 100 ms when its permit is wanted later', async () => {
    const { clock, pool } = setUp(1);
    const { pool: lines, get, story } = pool();
    lines.put(await get());
    await clock.advance(1000);
    expect(lines.stats().idle).toBe(1);
    const outcome = watch(pool().pool.get('b'));
    await clock.advance(100);
    expect(story().at(-1)).toBe('closed: wanted');
    await clock.advance(CLOSE_MS + HANDSHAKE_MS);
    expect(outcome.value).toBeDefined();
  });

  it('makes way for one to another place that somebody in the own line waits for', async () => {
    const { clock, pool } = setUp(1);
    const { pool: lines, get, story } = pool();
    lines.put(await get('a'));
    const outcome = watch(lines.get('b'));
    await clock.advance(100 + CLOSE_MS + HANDSHAKE_MS);
    expect(outcome.value).toMatchObject({ name: 'b2' });
    expect(story()).toEqual(['connection-opened', 'closed: wanted', 'connection-opened']);
  });

  it('is handed over first to somebody in the own line', async () => {
    const { clock, pool } = setUp(1);
    const { pool: lines, get, story } = pool({ maxConnections: 1 });
    const line = await get();
    const own = watch(lines.get('a'));
    const foreign = watch(pool().pool.get('b'));
    await settled();
    lines.put(line);
    await clock.advance(150);
    expect(own.value).toBe(line);
    expect(foreign.error).toMatchObject(NO_PERMIT);
    expect(story()).toEqual(['connection-opened']);
  });

  it('is left alone while it is in use, and nothing is asked any more when it is gone', async () => {
    const { clock, pool, permits } = setUp(1);
    const asked = vi.spyOn(permits, 'isWanted');
    const { pool: lines, get } = pool();
    lines.put(await get());
    await lines.get('a');
    asked.mockClear();
    void watch(pool().pool.get('b'));
    await clock.advance(1000);
    expect(lines.stats()).toMatchObject({ inUse: 1 });
    expect(asked).not.toHaveBeenCalled();
    expect(clock.pending).toBe(0);
  });
});

describe('a permit is given back once, when its connection is no longer counted', () => {
  it('after the close, and after what the other side needs to notice', async () => {
    const { clock, pool, permits } = setUp(1);
    const { pool: lines, get } = pool({ lagMs: () => 50 });
    lines.remove(await get());
    await clock.advance(CLOSE_MS + 49);
    expect({ held: permits.held, closing: lines.stats().closing }).toEqual({ held: 1, closing: 1 });
    await clock.advance(1);
    expect(permits).toMatchObject({ held: 0, twice: 0 });
  });

  it('after a close that fails', async () => {
    const { clock, pool, permits } = setUp(1);
    const { pool: lines, get, story } = pool({ closeCb: () => Promise.reject(new Error('stuck')) });
    lines.remove(await get());
    await clock.advance(0);
    expect(permits).toMatchObject({ held: 0, twice: 0 });
    expect(story()).toContain('close-failed');
  });

  it('after a handshake that fails', async () => {
    const { clock, pool, permits } = setUp(1);
    const { pool: lines, story } = pool({ connectCb: () => Promise.reject(new Error('refused')) });
    const outcome = watch(lines.get('a'));
    await clock.advance(0);
    expect(outcome.error).toMatchObject({ message: 'refused' });
    expect(story()).toEqual(['connect-failed']);
    expect(permits).toMatchObject({ held: 0, granted: 1, twice: 0 });
  });

  it('after a handshake that is given up and then succeeds: it is heard out and closed', async () => {
    const { clock, pool, permits } = setUp(1);
    const { pool: lines } = pool({ connectTimeoutMs: HANDSHAKE_MS / 2 });
    const outcome = watch(lines.get('a'));
    await clock.advance(HANDSHAKE_MS / 2);
    expect(outcome.error).toMatchObject({ code: 'ERR_POOL_CONNECT_TIMEOUT' });
    await clock.advance(HANDSHAKE_MS / 2 + CLOSE_MS - 1);
    expect(permits.held).toBe(1);
    await clock.advance(1);
    expect(permits).toMatchObject({ held: 0, twice: 0 });
    expect(clock.pending).toBe(0);
  });

  it('after a handshake that is given up and never answered: it is cut after a second', async () => {
    const { clock, pool, permits } = setUp(1);
    const { pool: lines } = pool({
      connectTimeoutMs: 50,
      connectCb: (_timeoutMs, _target, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        }),
    });
    void watch(lines.get('a'));
    await clock.advance(1049);
    expect(permits.held).toBe(1);
    await clock.advance(1);
    expect(permits).toMatchObject({ held: 0, twice: 0 });
  });

  it('when the pool is closed: of what is idle, in use, being opened, and still waiting', async () => {
    const { clock, pool, permits } = setUp(3);
    const { pool: lines, get, story } = pool();
    const used = await get();
    const idle = await get();
    lines.put(idle);
    lines.put(used);
    await lines.get('a');
    void watch(lines.get('b'));
    await settled();
    void watch(lines.get('c'));
    await settled();
    expect(permits).toMatchObject({ held: 3, granted: 3 });
    expect(permits.isWanted()).toBe(true);
    const closed = watch(lines.close().then(() => true));
    await clock.advance(0);
    expect(permits.isWanted()).toBe(false);
    await clock.advance(CLOSE_MS);
    expect({ ...closed, held: permits.held }).toEqual({ value: true, held: 1 });
    await clock.advance(HANDSHAKE_MS);
    expect(permits).toMatchObject({ held: 0, granted: 3, twice: 0 });
    expect(story()).not.toContain('permits-failed');
    expect(clock.pending).toBe(0);
  });
});

describe('a broken store', () => {
  const broken: [string, Permits['acquire']][] = [
    ['rejects', () => Promise.reject(new Error('disk full'))],
    [
      'throws',
      () => {
        throw new Error('disk full');
      },
    ],
  ];

  it.each(broken)('that %s has no permit to give, and that is told', async (_name, acquire) => {
    const { clock, pool, connects } = setUp(1);
    const { pool: lines, events } = pool({ permits: { acquire, isWanted: () => false } });
    const outcome = watch(lines.get('a'));
    await clock.advance(0);
    expect(outcome.error).toMatchObject(NO_PERMIT);
    expect(events).toEqual([{ type: 'permits-failed', message: 'disk full' }]);
    expect(connects).toEqual([]);
  });

  it('that does not answer is not waited for, and what it gives too late goes back', async () => {
    const { clock, pool } = setUp(1);
    const late = Promise.withResolvers<Permit | undefined>();
    const { pool: lines, events } = pool({ permits: { acquire: () => late.promise, isWanted: () => false } });
    const outcome = watch(lines.get('a'));
    await clock.advance(250);
    expect(outcome.error).toMatchObject(NO_PERMIT);
    expect(events).toEqual([{ type: 'permits-failed', message: 'no answer within 250 ms' }]);
    const release = vi.fn<() => void>();
    late.resolve({ release });
    await settled();
    expect(release).toHaveBeenCalledOnce();
  });

  it('that cannot say whether a permit is wanted costs no connection, and is told once', async () => {
    const { clock, pool, permits } = setUp(1);
    const { pool: lines, get, events } = pool();
    const asked = vi.spyOn(permits, 'isWanted').mockImplementation(() => {
      throw new Error('disk full');
    });
    lines.put(await get());
    await clock.advance(1000);
    expect(lines.stats().idle).toBe(1);
    expect(asked.mock.calls.length).toBeGreaterThan(5);
    expect(events.slice(1)).toEqual([{ type: 'permits-failed', message: 'disk full' }]);
  });
});
