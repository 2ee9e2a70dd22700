import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RedisCluster, RedisServer } from './testing/index.ts';

const PROGRAM = fileURLToPath(new URL('process.fixture.ts', import.meta.url));
/** Much more than it takes on a busy machine: one that does not end by itself never does. */
const ENDS_WITHIN_MS = 12_000;

interface Run {
  readonly said: readonly unknown[];
  readonly code: number | null;
  readonly errors: string;
}

function start(what: string, url: string, options: readonly string[] = [], env: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(process.execPath, ['--conditions=@warmline/source', ...options, PROGRAM, what, url], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
}

/** Kills it when it does not end by itself. */
async function endOf(child: ChildProcess, withinMs = ENDS_WITHIN_MS): Promise<Run> {
  let [output, errors] = ['', ''];
  child.stdout?.on('data', (text: Buffer) => (output += text.toString()));
  child.stderr?.on('data', (text: Buffer) => (errors += text.toString()));
  const timer = setTimeout(() => child.kill('SIGKILL'), withinMs);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  const said = output.split('\n').filter(Boolean);
  return { said: said.map((line) => JSON.parse(line) as unknown), code, errors };
}

function run(what: string, url: string, env?: NodeJS.ProcessEnv): Promise<Run> {
  return endOf(start(what, url, [], env));
}

const NOWHERE = 'redis://127.0.0.1:1';

describe.concurrent('a process', { timeout: 60_000 }, () => {
  let server: RedisServer;
  let cluster: RedisCluster;
  beforeAll(async () => {
    [server, cluster] = await Promise.all([RedisServer.start(), RedisCluster.start({ replicasEach: 0 })]);
  }, 60_000);
  afterAll(() => Promise.all([server, cluster].map((one) => one[Symbol.asyncDispose]())));

  test.each(['one server', 'a cluster'])('that has connected to %s and has nothing else to do ends', async (kind) => {
    expect(await run('connect', kind === 'a cluster' ? cluster.url : server.url)).toMatchObject({ code: 0, said: [] });
  });

  // A timer of ioredis, two seconds after each client that is given up.
  test.each([NOWHERE, 'redis-cluster://127.0.0.1:1'])('that cannot connect to %s ends, too', async (url) => {
    expect(await run('connect', url)).toMatchObject({ code: 0, said: ['redis-unavailable'] });
  });

  // The timer of ioredis' `socketTimeout`, which waits for the answer of XREAD.
  test.each(['one server', 'a cluster'])('that listens to the bus of %s and does nothing else ends', async (kind) => {
    const url = kind === 'a cluster' ? cluster.url : server.url;
    expect(await run('subscribe', url)).toMatchObject({ code: 0, said: ['subscribed'] });
    expect(await run('cache', url)).toMatchObject({ code: 0, said: ['loaded'] });
  });

  test('that waits for an answer lives until it is there', async () => {
    expect(await run('connect and read', server.url)).toMatchObject({ code: 0, said: ['read'] });
    expect(await run('connect and read', cluster.url)).toMatchObject({ code: 0, said: ['read'] });
  });

  test('that has closed ends, what waited fails or is answered, and what comes later fails', async () => {
    const later = Array.from({ length: 6 }, () => 'ERR_REDIS_CLOSED');
    const { said, code, errors } = await run('close', server.url);
    expect(said).toEqual([true, ...later]);
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    for (const url of [server.url, cluster.url, NOWHERE]) {
      expect(await run('close at once', url)).toMatchObject({ code: 0, errors: '' });
    }
    expect(await run('close without leaving the bus', server.url)).toMatchObject({ code: 0, said: [true] });
  });

  test('without ioredis is told what to install, and goes on', async () => {
    const without = { WITHOUT_IOREDIS: '1' };
    const run1 = await run('without a listener', server.url, without);
    expect(run1.code).toBe(0);
    expect(run1.errors).toContain('npm install ioredis');
    expect(await run('cache', server.url, without)).toMatchObject({ code: 0, said: ['redis-unavailable', 'loaded'] });
  });

  test('holds no more than 5 MB for a server that hangs, whatever is written', async () => {
    const own = await RedisServer.start();
    const child = start('write to a hung server', own.url, ['--expose-gc']);
    child.stdout?.once('data', () => void own.pause().then(() => child.stdin?.end('go\n')));
    const { said, errors } = await endOf(child, 15_000);
    await own[Symbol.asyncDispose]();
    expect(errors).toBe('');
    const { heldBytes, leftBytes, ends } = said.find((one) => typeof one === 'object') as Record<string, number> & {
      ends: Record<string, number>;
    };
    expect(heldBytes).toBeLessThan(5e6);
    expect(leftBytes).toBeLessThan(5e6);
    expect(Object.keys(ends).toSorted()).toEqual(['ERR_REDIS_BUSY', 'ERR_REDIS_UNAVAILABLE']);
  }, 20_000);
});
