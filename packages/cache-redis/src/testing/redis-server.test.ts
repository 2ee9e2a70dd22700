import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { expect, test, vi } from 'vitest';
import { freePort } from './free-port.ts';
import { RedisServer } from './index.ts';
import { until } from './until.ts';

/** Also false of one that has ended and that nobody has asked about yet. */
function lives(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.charAt(stat.lastIndexOf(')') + 2) !== 'Z';
  } catch {
    return false;
  }
}

async function answerOf(asked: Promise<unknown>): Promise<string> {
  return asked.then(String, (error: unknown) => (error instanceof Error ? error.message : String(error)));
}

test('it answers on its port and on its socket, keeps nothing on disk, and is gone at the end', async () => {
  const server = await RedisServer.start();
  const { pid, directory, port, unixSocketPath } = server;
  expect(server.url).toBe(`redis://127.0.0.1:${port}`);
  expect(server.isRunning).toBe(true);
  for (const client of [new Redis(server.url), new Redis(unixSocketPath)]) {
    expect(await client.info('server')).toContain(`process_id:${pid}\r\n`);
    client.disconnect();
  }
  expect(await server.command('CONFIG', 'GET', 'save')).toEqual(['save', '']);
  expect(await server.command('CONFIG', 'GET', 'appendonly')).toEqual(['appendonly', 'no']);
  expect(await server.command('CONFIG', 'GET', 'bind')).toEqual(['bind', '127.0.0.1']);
  await server[Symbol.asyncDispose]();
  expect(lives(pid)).toBe(false);
  expect(existsSync(directory)).toBe(false);
  expect(existsSync(unixSocketPath)).toBe(false);
  expect(await answerOf(server.command('PING'))).toContain('does not run');
});

test('many start at once', async () => {
  const servers = await Promise.all(Array.from({ length: 8 }, () => RedisServer.start()));
  const pids = await Promise.all(servers.map((server) => server.info('process_id')));
  expect(pids).toEqual(servers.map(({ pid }) => `${pid}`));
  expect(new Set(servers.map(({ port }) => port)).size).toBe(8);
  for (const server of servers) await server[Symbol.asyncDispose]();
});

test("it rejects where somebody else has the port: another program's, another Redis", async () => {
  await using other = await RedisServer.start();
  await expect(RedisServer.start({ port: other.port })).rejects.toThrow(/in use/);
  expect(await other.command('PING')).toBe('PONG');

  const port = await freePort();
  const stranger = createServer((socket) => socket.end('-ERR nobody\r\n')).listen(port, '127.0.0.1');
  await once(stranger, 'listening');
  await expect(RedisServer.start({ port })).rejects.toThrow(/in use/);
  stranger.close();
});

test('it rejects with what the program has said, and leaves no folder', async () => {
  const temporary = mkdtempSync(join(tmpdir(), 'warmline-temporary-'));
  vi.stubEnv('TMPDIR', temporary);
  await expect(RedisServer.start({ args: ['--no-such-setting', '1'] })).rejects.toThrow(/no-such-setting/);
  vi.unstubAllEnvs();
  expect(readdirSync(temporary)).toEqual([]);
  rmSync(temporary, { recursive: true });
});

test('a killed server refuses, and comes back empty on the same port and socket', async () => {
  await using server = await RedisServer.start();
  const { port, pid, unixSocketPath } = server;
  await server.command('SET', 'key', 'value');
  await server.kill();
  expect([server.isRunning, lives(pid)]).toEqual([false, false]);
  const client = new Redis(server.url, { lazyConnect: true, retryStrategy: () => null });
  client.on('error', () => {});
  await expect(client.connect()).rejects.toThrow(/ECONNREFUSED|closed/);
  await server.restart();
  expect([server.port, server.unixSocketPath, server.pid === pid]).toEqual([port, unixSocketPath, false]);
  expect(await server.command('GET', 'key')).toBe(null);
});

test('a stopped server can be started with other arguments for one run', async () => {
  await using server = await RedisServer.start({ args: ['--maxclients', '77'] });
  await server.stop();
  expect(server.isRunning).toBe(false);
  await server.restart({ args: ['--maxclients', '55'] });
  expect(await server.command('CONFIG', 'GET', 'maxclients')).toEqual(['maxclients', '55']);
  await server.restart();
  expect(await server.command('CONFIG', 'GET', 'maxclients')).toEqual(['maxclients', '77']);
});

test('a paused server hangs: its connections stay, its own client gives up; later it answers again', async () => {
  await using server = await RedisServer.start({ timeoutMs: 150 });
  await server.pause();
  expect(readFileSync(`/proc/${server.pid}/stat`, 'utf8')).toMatch(/\) T /);
  const from = performance.now();
  await expect(server.command('PING')).rejects.toThrow(/timed out/);
  expect(performance.now() - from).toBeLessThan(1_000);
  expect(server.isRunning).toBe(true);
  server.resume();
  expect(await server.command('PING')).toBe('PONG');
  await server.pause();
  await server.stop();
  expect(lives(server.pid)).toBe(false);
});

test('a server that is too busy to stop is killed', async () => {
  await using server = await RedisServer.start();
  const busy = answerOf(server.command('EVAL', 'while true do end', 0));
  await sleep(50);
  await server.stop();
  expect([server.isRunning, lives(server.pid)]).toEqual([false, false]);
  expect(await busy).toMatch(/timed out|closed/);
});

test('a paused server can be killed', async () => {
  const server = await RedisServer.start();
  await server.pause();
  await server[Symbol.asyncDispose]();
  expect(lives(server.pid)).toBe(false);
});

test('a snapshot is loaded again, into this server or another one', async () => {
  await using server = await RedisServer.start();
  await server.command('SET', 'key', 'old');
  const snapshot = await server.snapshot();
  await server.command('SET', 'key', 'new');
  expect(() => server.restore(snapshot)).toThrow(/running/);
  await server.kill();
  server.restore(snapshot);
  await server.restart();
  expect(await server.command('GET', 'key')).toBe('old');
  await server.kill();
  server.restore(undefined);
  await server.restart();
  expect(await server.command('GET', 'key')).toBe(null);

  await using other = await RedisServer.start();
  await other.kill();
  other.restore(snapshot);
  await other.restart();
  expect(await other.command('GET', 'key')).toBe('old');
});

test('a full server refuses writes, answers reads, and evicts nothing', async () => {
  await using server = await RedisServer.start({ args: ['--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru'] });
  for (let i = 0; i < 20; i++) await server.command('SET', `key:${i}`, Buffer.alloc(50_000));
  await server.fill();
  await server.fill();
  expect(await answerOf(server.command('SET', 'key', 'value'))).toMatch(/^OOM/);
  await server.command('DEL', 'key:0');
  expect(await answerOf(server.command('SET', 'key', 'value'))).toMatch(/^OOM/);
  expect(await server.command('STRLEN', 'key:1')).toBe(50_000);
  expect(await server.command('DBSIZE')).toBe(19);
  await server.unfill();
  expect(await server.command('SET', 'key', 'value')).toBe('OK');
  expect(await server.command('CONFIG', 'GET', 'maxmemory')).toEqual(['maxmemory', `${50 * 1024 * 1024}`]);
  expect(await server.command('CONFIG', 'GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'allkeys-lru']);
});

test('a loading server answers LOADING for about as long as asked for, and then has its data', async () => {
  await using server = await RedisServer.start();
  await server.command('SET', 'key', 'value');
  await server.restartLoading(600);
  const client = new Redis(server.url, { enableReadyCheck: false });
  expect(await answerOf(client.get('key'))).toMatch(/^LOADING/);
  const tookMs = await until(async () => (await client.get('key')) === 'value', 5_000, 'loaded');
  expect(tookMs).toBeGreaterThan(150);
  expect(await server.command('DBSIZE')).toBe(1);
  client.disconnect();
});

test('a replica follows another server, with a password too, and becomes a master again', async () => {
  await using master = await RedisServer.start({ password: 'se cret' });
  await using replica = await RedisServer.start();
  const stranger = new Redis(master.port, { protocol: 2, enableReadyCheck: false });
  expect(await answerOf(stranger.ping())).toMatch(/NOAUTH/);
  stranger.disconnect();
  const client = new Redis(master.url);
  await client.set('key', 'value');
  client.disconnect();
  await replica.becomeReplicaOf(master);
  expect(await replica.command('GET', 'key')).toBe('value');
  expect(await answerOf(replica.command('SET', 'key', 'other'))).toMatch(/READONLY/);
  await replica.becomeMaster();
  expect(await replica.command('SET', 'key', 'other')).toBe('OK');
});

test('a given folder is made, used and kept', async () => {
  const given = mkdtempSync(join(tmpdir(), 'warmline-given-'));
  const directory = join(given, 'made');
  {
    await using server = await RedisServer.start({ directory });
    await server.command('SAVE');
  }
  expect(existsSync(join(directory, 'dump.rdb'))).toBe(true);
  rmSync(given, { recursive: true });
});

test('a Valkey can be asked for', { timeout: 60_000 }, async () => {
  await using server = await RedisServer.start({ kind: 'valkey' });
  expect(server.kind).toBe('valkey');
  expect(await server.info('server_name')).toBe('valkey');
});

const program = `
  import { RedisServer } from ${JSON.stringify(new URL('index.ts', import.meta.url).href)};
  const server = await RedisServer.start();
  await server.command('PING');
  process.stdout.write(server.pid + ' ' + server.directory + '\\n');
`;

async function runProgram(
  rest: string,
): Promise<{ pid: number; directory: string; kill: () => void; ended: Promise<number> }> {
  const flags = ['--conditions=@warmline/source', '--input-type=module-typescript', '-e', program + rest];
  const child = spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? -1)));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const [pid = '', directory = ''] = line.toString().trim().split(' ');
  return { pid: Number(pid), directory, kill: () => child.kill('SIGKILL'), ended };
}

test('it does not keep its parent alive, and dies with it', async () => {
  const { pid, directory, ended } = await runProgram('');
  expect(await ended).toBe(0);
  await until(() => !lives(pid), 1_000, 'gone');
  expect(existsSync(directory)).toBe(false);
});

test.runIf(process.platform === 'linux')('it dies with a parent that is killed', async () => {
  const { pid, directory, kill, ended } = await runProgram('setInterval(() => {}, 1000);');
  expect(lives(pid)).toBe(true);
  kill();
  await ended;
  await until(() => !lives(pid), 1_000, 'gone');
  rmSync(directory, { recursive: true });
});
