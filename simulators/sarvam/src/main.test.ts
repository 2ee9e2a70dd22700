import { fork, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(...flags: string[]): { child: ChildProcess; ended: Promise<Ended>; stdout: () => string } {
  const child = spawn(process.execPath, [MAIN, ...flags], { stdio: 'pipe' });
  onTestFinished(() => void child.kill());
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

describe('sarvam-simulator', () => {
  it('says where it listens, works, and ends cleanly on SIGTERM', async () => {
    const { child, ended, stdout } = run('--port', '0', '--api-key', 'a', '--api-key', 'b', '--speed', '0');
    while (!stdout().includes('\n')) await once(child.stdout!, 'data');
    const url = /^sarvam-simulator listening on (http:\/\/127\.0\.0\.1:\d+)\n$/u.exec(stdout())?.[1];
    const body = JSON.stringify({ text: 'Hello.', target_language_code: 'en-IN' });
    const headers = { 'api-subscription-key': 'b' };
    expect((await fetch(`${url}/text-to-speech`, { method: 'POST', headers, body })).status).toBe(200);
    child.kill('SIGTERM');
    const { code, stderr } = await ended;
    expect(code).toBe(0);
    expect(stderr).toContain('not for production');
  });

  it.each([
    [['--no-such-flag'], "unknown option '--no-such-flag'"],
    [['--port', 'x'], "'x' is not a number"],
    [['--port', '70000'], 'port: '],
    [['surplus'], 'too many arguments'],
  ])('refuses %j with exit code 2', async (flags, message) => {
    const { code, stdout, stderr } = await run(...flags).ended;
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });

  it('tells its parent where it listens, and ends when the parent lets go', async () => {
    const child = fork(MAIN, ['--port', '0'], { stdio: 'ignore' });
    onTestFinished(() => void child.kill());
    const [message] = (await once(child, 'message')) as [{ type: string; url: string }];
    expect(message).toEqual({ type: 'listening', url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/u) });
    child.disconnect();
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(0);
  });
});
