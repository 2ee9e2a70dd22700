import { once } from 'node:events';
import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FaultProxy, RedisServer } from './index.ts';
import { until } from './until.ts';

let redis: RedisServer;
let echo: Server;
let echoPort: number;
const echoSockets = new Set<Socket>();

beforeAll(async () => {
  redis = await RedisServer.start();
  echo = createServer({ allowHalfOpen: true }, (socket) => {
    echoSockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (data) => socket.write(data));
    socket.on('end', () => socket.end('bye'));
  });
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  echoPort = (echo.address() as { port: number }).port;
});

afterAll(async () => {
  for (const socket of echoSockets) socket.destroy();
  echo.close();
  await redis[Symbol.asyncDispose]();
});

class Client implements AsyncDisposable {
  readonly socket: Socket;
  received: Buffer = Buffer.alloc(0);
  ended = false;
  closed: string | undefined;

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.socket.on('data', (data: Buffer) => (this.received = Buffer.concat([this.received, data])));
    this.socket.on('end', () => (this.ended = true));
    this.socket.on('error', (error: NodeJS.ErrnoException) => (this.closed = error.code));
    this.socket.on('close', () => (this.closed ??= 'closed'));
  }

  static async open(port: number): Promise<Client> {
    const client = new Client(port);
    await once(client.socket, 'connect');
    return client;
  }

  /** @returns after how many milliseconds so much has come in all. */
  async has(bytes: number, limitMs = 5_000): Promise<number> {
    return until(() => this.received.length >= bytes, limitMs, `${bytes} bytes`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
  }
}

async function outcome(port: number, withinMs: number): Promise<string> {
  await using client = new Client(port);
  const told = once(client.socket, 'connect').then(
    () => 'connected',
    (error: NodeJS.ErrnoException) => error.code ?? 'error',
  );
  // Awaited: the connection ends with this function.
  return await Promise.race([told, sleep(withinMs, 'nothing')]);
}

const MOST = 64 * 1024 * 1024;

/** @returns how much the kernel has taken when it takes no more. */
async function writeUntilFull(socket: Socket): Promise<number> {
  const data = Buffer.alloc(64 * 1024, 'x');
  let written = 0;
  for (let last = -1; last !== written && written < MOST;) {
    last = written;
    while (written < MOST && socket.writableLength === 0) {
      socket.write(data);
      written += data.length;
      await sleep(0);
    }
    await sleep(200);
  }
  return written;
}

test('without faults, it passes everything on in both directions and counts it', async () => {
  await using proxy = await FaultProxy.start({ port: echoPort });
  await using client = await Client.open(proxy.port);
  const data = Buffer.alloc(3_000_000, 'abcdefg');
  client.socket.write(data);
  await client.has(data.length);
  expect(client.received.equals(data)).toBe(true);
  expect(proxy.bytes).toEqual({ toServer: data.length, toClient: data.length });
  expect(proxy.connections).toBe(1);
  client.socket.end();
  await until(() => client.ended && proxy.connections === 0, 1_000, 'closed');
  expect(client.received.subarray(-3).toString()).toBe('bye');
  expect(proxy.accepted).toBe(1);
});

test('a unix socket can be the target', async () => {
  await using proxy = await FaultProxy.start({ path: redis.unixSocketPath });
  await using client = await Client.open(proxy.port);
  client.socket.write('PING\r\n');
  await client.has(7);
  proxy.reset();
  await until(() => client.closed, 1_000, 'reset');
  expect(client.closed).toBe('ECONNRESET');
});

test('latency counts in each direction, alone or in both', async () => {
  await using proxy = await FaultProxy.start({ port: echoPort });
  await using client = await Client.open(proxy.port);
  const roundTrip = async (): Promise<number> => {
    client.socket.write('x');
    return client.has(client.received.length + 1);
  };
  await roundTrip();
  expect(await roundTrip()).toBeLessThan(30);
  proxy.set({ toServer: { latencyMs: 60 } });
  const one = await roundTrip();
  expect(one).toBeGreaterThanOrEqual(58);
  expect(one).toBeLessThan(110);
  proxy.set({ latencyMs: 60 });
  const both = await roundTrip();
  expect(both).toBeGreaterThanOrEqual(118);
  expect(both).toBeLessThan(200);
  await proxy.heal();
  expect(await roundTrip()).toBeLessThan(30);
});

test('jitter delays, and nothing overtakes', async () => {
  await using proxy = await FaultProxy.start({ port: echoPort }, { seed: 3 });
  await using client = await Client.open(proxy.port);
  proxy.set({ toServer: { jitterMs: 80 } });
  for (let i = 0; i < 40; i++) {
    client.socket.write(String.fromCharCode(65 + i));
    await sleep(1);
  }
  const tookMs = await client.has(40);
  expect(tookMs).toBeGreaterThan(10);
  expect(client.received.toString()).toBe(Array.from({ length: 40 }, (_, i) => String.fromCharCode(65 + i)).join(''));
});

test('a blackhole holds a bounded part, lets the sender wait, and loses nothing', async () => {
  await using proxy = await FaultProxy.start({ port: echoPort });
  await using client = await Client.open(proxy.port);
  proxy.set({ toServer: { blackhole: true } });
  const written = await writeUntilFull(client.socket);
  expect(written).toBeGreaterThan(1_000_000);
  expect(written).toBeLessThan(MOST / 2);
  expect(client.received).toHaveLength(0);
  expect(proxy.bytes.toServer).toBe(0);
  proxy.set({ toServer: { blackhole: false } });
  await client.has(written);
  expect(client.received).toHaveLength(written);
});

test('a server that reads nothing lets the sender wait', async () => {
  await using proxy = await FaultProxy.start({ port: echoPort });
  await using client = await Client.open(proxy.port);
  client.socket.write('x');
  await client.has(1);
  const server = [...echoSockets].at(-1)!;
  server.pause();
  const written = await writeUntilFull(client.socket);
  expect(written).toBeLessThan(MOST / 2);
  server.resume();
  await client.has(written + 1);
});

test('a blackhole holds the end of a connection, too', async () => {
  await using proxy = await FaultProxy.start({ port: echoPort });
  await using client = await Client.open(proxy.port);
  proxy.set({ blackhole: true });
  client.socket.end('x');
  await sleep(50);
  expect(client.ended).toBe(false);
  await proxy.heal();
  await until(() => client.ended, 1_000, 'end');
  expect(client.received.toString()).toBe('xbye');
});

test('a speed is kept', async () => {
  await using proxy = await FaultProxy.start({ port: echoPort });
  await using client = await Client.open(proxy.port);
  proxy.set({ toClient: { bytesPerSecond: 200_000 } });
  client.socket.write(Buffer.alloc(100_000, 'x'));
  const tookMs = await client.has(100_000);
  expect(tookMs).toBeGreaterThan(440);
  expect(tookMs).toBeLessThan(700);
});

test('one byte of the next data is flipped, also where that comes in pieces', async () => {
  await using proxy = await FaultProxy.start({ port: echoPort });
  await using client = await Client.open(proxy.port);
  proxy.corruptNext('toServer', 6);
  client.socket.write('abcd');
  await client.has(4);
  client.socket.write('efgh');
  await client.has(8);
  expect(client.received.toString('latin1')).toBe(`abcdef${String.fromCharCode(0xff - 'g'.charCodeAt(0))}h`);
  client.socket.write('abcdefgh');
  await client.has(16);
  expect(client.received.subarray(8).toString()).toBe('abcdefgh');
});

test('every n-th byte is flipped over all pieces', async () => {
  await using proxy = await FaultProxy.start({ port: echoPort });
  await using client = await Client.open(proxy.port);
  proxy.set({ toClient: { corruptEveryBytes: 5 } });
  for (const part of ['aaa', 'aaaaaaaa', 'a']) {
    const before = client.received.length;
    client.socket.write(part);
    await client.has(before + part.length);
  }
  const flipped = [...client.received].flatMap((byte, at) => (byte === 97 ? [] : [at]));
  expect(flipped).toEqual([4, 9]);
});

test('a reset reaches both sides', async () => {
  await using proxy = await FaultProxy.start({ port: echoPort });
  await using client = await Client.open(proxy.port);
  client.socket.write('x');
  await client.has(1);
  const server = [...echoSockets].at(-1)!;
  const failed = new Promise<boolean>((resolve) => server.once('close', resolve));
  proxy.reset();
  await until(() => client.closed, 1_000, 'closed');
  expect(client.closed).toBe('ECONNRESET');
  expect(await failed).toBe(true);
  expect(proxy.connections).toBe(0);
});

test('a half close ends one direction and leaves the other', async () => {
  await using proxy = await FaultProxy.start({ port: echoPort });
  await using client = await Client.open(proxy.port);
  client.socket.write('x');
  await client.has(1);
  const server = [...echoSockets].at(-1)!;
  proxy.halfClose('client');
  await until(() => client.ended, 1_000, 'FIN');
  const before = server.bytesRead;
  client.socket.write('still there');
  await until(() => server.bytesRead === before + 11, 1_000, 'it arrives');
  expect(client.received.toString()).toBe('x');

  await using other = await Client.open(proxy.port);
  other.socket.write('x');
  await other.has(1);
  proxy.halfClose('server');
  await other.has(4);
  expect(other.received.toString()).toBe('xbye');
});

test('refusing refuses new connections and leaves the open ones', async () => {
  await using proxy = await FaultProxy.start({ port: echoPort });
  await using client = await Client.open(proxy.port);
  await proxy.refuse(true);
  expect(await outcome(proxy.port, 1_000)).toBe('ECONNREFUSED');
  client.socket.write('x');
  await client.has(1);
  await proxy.refuse(false);
  expect(await outcome(proxy.port, 1_000)).toBe('connected');
});

test('a held connection is accepted, answers nothing, and goes on when lifted', async () => {
  await using proxy = await FaultProxy.start({ port: redis.port });
  proxy.set({ blackholeConnect: true });
  const connectionsBefore = await redis.info('total_connections_received');
  await using client = await Client.open(proxy.port);
  client.socket.write('PING\r\n');
  await sleep(60);
  expect(client.received).toHaveLength(0);
  expect(await redis.info('total_connections_received')).toBe(connectionsBefore);
  proxy.set({ blackholeConnect: false });
  await client.has(7);
  expect(client.received.toString()).toBe('+PONG\r\n');
});

test('a dropped connection stays in connecting, and gets through when lifted', async () => {
  await using proxy = await FaultProxy.start({ port: echoPort });
  await using open = await Client.open(proxy.port);
  await proxy.dropConnects(true);
  expect(await outcome(proxy.port, 300)).toBe('nothing');
  open.socket.write('x');
  await open.has(1);
  const late = outcome(proxy.port, 8_000);
  await sleep(20);
  await proxy.heal();
  expect(await late).toBe('connected');
});

test('a server that is gone resets its clients', async () => {
  const server = await RedisServer.start();
  await using proxy = await FaultProxy.start({ port: server.port });
  await server[Symbol.asyncDispose]();
  await using client = await Client.open(proxy.port);
  await until(() => client.closed, 1_000, 'closed');
  expect(proxy.connections).toBe(0);
});

test("commands are counted by name and connection, with a client's pipelines and large payloads", async () => {
  await using proxy = await FaultProxy.start({ port: redis.port });
  const clients = [0, 1].map(() => new Redis(proxy.url, { lazyConnect: true }));
  try {
    for (const client of clients) await client.connect();
    proxy.commands.reset();
    const payload = Buffer.alloc(150_000, '*3\r\n$3\r\nSET\r\n');
    const pipeline = clients[0]!.pipeline();
    for (let i = 0; i < 20; i++) pipeline.set(`large:${i}`, payload).get(`large:${i}`);
    await pipeline.exec();
    await Promise.all(Array.from({ length: 30 }, (_, i) => clients[1]!.get(`large:${i % 20}`)));
    await clients[1]!.multi().incr('n').incr('n').exec();
    expect(Object.fromEntries(proxy.commands.byName)).toEqual({ SET: 20, GET: 50, MULTI: 1, INCR: 2, EXEC: 1 });
    expect(proxy.commands.byConnection.map((names) => Object.fromEntries(names))).toEqual([
      { SET: 20, GET: 20 },
      { GET: 30, MULTI: 1, INCR: 2, EXEC: 1 },
    ]);
    expect([proxy.commands.total, proxy.commands.count('get'), proxy.commands.count('DEL')]).toEqual([74, 50, 0]);
    proxy.commands.reset();
    await clients[0]!.ping();
    expect([...proxy.commands.byName]).toEqual([['PING', 1]]);
  } finally {
    for (const client of clients) client.disconnect();
  }
});

test('a corrupt byte in an answer reaches the client', async () => {
  await using proxy = await FaultProxy.start({ port: redis.port });
  const client = new Redis(proxy.url);
  try {
    await client.set('whole', Buffer.alloc(1_000, 1));
    proxy.corruptNext('toClient', 500);
    const answer = await client.getBuffer('whole');
    expect([...answer!].filter((byte) => byte !== 1)).toEqual([0xfe]);
    expect(await client.getBuffer('whole')).toEqual(Buffer.alloc(1_000, 1));
  } finally {
    client.disconnect();
  }
});
