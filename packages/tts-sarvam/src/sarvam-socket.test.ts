import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { SarvamSocket } from './sarvam-socket.ts';
import { FakeClock } from './test-kit.fixture.ts';

/** A socket to a server that does what the test says, not what Sarvam would. */
async function connect(autoPong: boolean) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', autoPong });
  const peer = new Promise<WebSocket>((resolve) => server.once('connection', resolve));
  await new Promise((resolve) => server.once('listening', resolve));
  const clock = new FakeClock();
  const strays: string[] = [];
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const socket = await SarvamSocket.open(
    { url, apiKey: 'key' },
    {
      timeoutMs: 1000,
      signal: new AbortController().signal,
      clock,
      habits: { renewsIds: false },
      onStray: (kind) => strays.push(kind),
    },
  );
  const dispose = (): void => {
    for (const each of server.clients) each.terminate();
    server.close();
  };
  return { socket, clock, strays, peer: await peer, [Symbol.dispose]: dispose };
}

describe('SarvamSocket', () => {
  it('is dead when a ping stays unanswered', async () => {
    using deaf = await connect(false);
    deaf.socket.ping();
    await deaf.clock.advance(5000);
    expect(deaf.socket.isAlive()).toBe(true);
    await deaf.clock.advance(1);
    expect(deaf.socket.isAlive()).toBe(false);
  });

  it('is alive when a ping is answered, however long ago', async () => {
    using well = await connect(true);
    well.socket.ping();
    await wait(50);
    await well.clock.advance(60_000);
    expect(well.socket.isAlive()).toBe(true);
  });

  it('does not wait for ever for the other side to say goodbye', async () => {
    using stuck = await connect(true);
    stuck.peer.pause();
    const closing = stuck.socket.close();
    expect(await Promise.race([closing, wait(50, 'waiting')])).toBe('waiting');
    await stuck.clock.advance(1000);
    expect(await closing).toBeUndefined();
  });

  it('lets messages of a type it does not know pass, and reports them', async () => {
    using chatty = await connect(true);
    chatty.peer.send('{"type":"pong"}');
    await wait(50);
    expect(chatty.strays).toEqual(['pong']);
    expect(chatty.socket.isAlive()).toBe(true);
  });
});
