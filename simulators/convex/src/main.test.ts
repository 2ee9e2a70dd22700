import { fork, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, test, onTestFinished } from 'vitest';
import { startConvexSimulator } from './index.ts';
import { FUNCTIONS, api, httpClient, start, syncClient, watch } from './simulator.fixture.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(...flags: string[]): { child: ChildProcess; ended: Promise<Ended>; stdout: () => string } {
  const child = spawn(process.execPath, [MAIN, '--functions', FUNCTIONS, ...flags], { stdio: 'pipe' });
  onTestFinished(() => void child.kill('SIGKILL'));
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data: Buffer) => {
    stdout += data.toString('utf8');
  });
  child.stderr.on('data', (data: Buffer) => {
    stderr += data.toString('utf8');
  });
  const ended = once(child, 'close').then(([code]: unknown[]) => ({ code: code as number | null, stdout, stderr }));
  return { child, ended, stdout: () => stdout };
}

describe('convex-simulator', () => {
  test('says where it listens, works, and ends cleanly on SIGTERM with sockets open', async () => {
    const { child, ended, stdout } = run('--port', '0', '--seed', 'two', '--env', 'COLOUR=a=b', '--delay-ms', '1');
    while (!stdout().includes('\n')) await once(child.stdout!, 'data');
    const url = /^convex-simulator listening on (http:\/\/127\.0\.0\.1:\d+)\n$/u.exec(stdout())?.[1] ?? '';
    const simulator = { url } as Awaited<ReturnType<typeof startConvexSimulator>>;
    expect(await httpClient(simulator).query(api.values!.environment!, { name: 'COLOUR' })).toBe('a=b');
    const notes = watch(syncClient(simulator), api.notes!.list!, { owner: 'seed' });
    await notes.until((seen) => JSON.stringify(seen) === '[["one","two"]]');
    child.kill('SIGTERM');
    const { code, stderr } = await ended;
    expect(code).toBe(0);
    expect(stderr).toContain('not for production');
    expect(stderr).toContain('WARMLINE_SERVICE_SECRET=simulator-secret\n');
  });

  test('keeps a secret of its own to itself', async () => {
    const { child, ended, stdout } = run('--port', '0', '--env', 'WARMLINE_SERVICE_SECRET=precious');
    while (!stdout().includes('\n')) await once(child.stdout!, 'data');
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect(code).toBe(0);
    expect(stdout() + stderr).not.toContain('precious');
  });

  test.each([
    [['--no-such-flag'], "unknown option '--no-such-flag'"],
    [['--port', 'x'], "'x' is not a number"],
    [['--port', '70000'], 'port: '],
    [['--delay-ms', '-1'], 'delayMs: '],
    [['--env', 'novalue'], 'NAME=VALUE'],
    [['--function-delay', 'a:b=x'], "'x' is not a number"],
    [['--seed', 'nothing'], "there is no mutation 'seed:nothing'"],
    [['--functions', '/nowhere'], "'/nowhere' is no folder of Convex functions"],
    [['surplus'], 'too many arguments'],
  ])('refuses %j with exit code 2', async (flags, message) => {
    const { code, stdout, stderr } = await run(...flags).ended;
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });

  test('tells its parent where it listens, and ends when the parent lets go', async () => {
    const child = fork(MAIN, ['--port', '0', '--functions', FUNCTIONS], { stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [message] = (await once(child, 'message')) as [{ type: string; url: string }];
    expect(message).toEqual({ type: 'listening', url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/u) });
    child.disconnect();
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(0);
  });
});

describe('startConvexSimulator', () => {
  test('refuses bad options, and says why the process did not start', async () => {
    await expect(startConvexSimulator({ delayMs: -1 })).rejects.toThrow(TypeError);
    await expect(startConvexSimulator({ functions: '/nowhere' })).rejects.toThrow('is no folder of Convex functions');
    const { url } = await start();
    const taken = startConvexSimulator({ functions: FUNCTIONS, port: Number(new URL(url).port) });
    await expect(taken).rejects.toThrow('EADDRINUSE');
  });

  test('leaves the globals of this process alone, and its process is gone after close', async () => {
    const names = ['Date', 'fetch', 'setTimeout', 'Math'] as const;
    const before = names.map((name) => Object.getOwnPropertyDescriptor(globalThis, name));
    const simulator = await startConvexSimulator({ functions: FUNCTIONS });
    await httpClient(simulator).query(api.values!.probe!, { tick: 1 });
    expect(names.map((name) => Object.getOwnPropertyDescriptor(globalThis, name))).toEqual(before);
    await simulator.close();
    await simulator.close();
    expect(() => process.kill(simulator.pid, 0)).toThrow('ESRCH');
  });
});
