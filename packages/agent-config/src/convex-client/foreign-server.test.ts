import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { FeedWatcher } from '../feed-watcher.ts';
import { convexChangeFeed } from './convex-change-feed.ts';

const SECRET = 'svc-SECRET-1';

/** A server that answers the first message of each socket with this. */
async function answering(message: string | Buffer): Promise<{ readonly url: string; readonly sockets: () => number }> {
  const server = createServer();
  const sockets = new WebSocketServer({ server });
  let count = 0;
  sockets.on('connection', (socket) => {
    count++;
    socket.once('message', () => socket.send(message));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.close();
  });
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, sockets: () => count };
}

const version = (querySet: number): object => ({ querySet, identity: 9, ts: 'AAAAAAAAAAA=' });

test.each([
  ['no JSON', '<html>'],
  ['a fatal error', JSON.stringify({ type: 'FatalError', error: 'gone' })],
  ['an unknown message', JSON.stringify({ type: 'Whatever' })],
  ['a number', '5'],
  ['null', 'null'],
  ['bytes', Buffer.from([1, 2, 3])],
  [
    'a transition that does not follow',
    JSON.stringify({ type: 'Transition', startVersion: version(9), endVersion: version(10), modifications: [] }),
  ],
])('%s ends the connection, not the process; another is made', async (_, message) => {
  const { url, sockets } = await answering(message);
  const errors: unknown[] = [];
  const watcher = new FeedWatcher({
    feed: convexChangeFeed({ url, secret: SECRET, reopenMs: 50 }),
    record: { read: () => undefined, write: async () => {} },
    onChanges: async () => {},
    onGap: async () => {},
    onEvent: (event) => {
      if (event.type === 'watch-error') errors.push(event.error);
    },
  });
  await vi.waitFor(() => expect(sockets()).toBeGreaterThan(1), 10_000);
  await watcher.close();
  expect(errors[0]).toMatchObject({ message: 'Convex has sent what its client does not understand' });
  expect(JSON.stringify(errors, Object.getOwnPropertyNames(Error.prototype))).not.toContain(SECRET);
  // Whatever the client still has to throw is thrown by now.
  await sleep(50);
});

test('an address is taken as people write it', async () => {
  const { url, sockets } = await answering('null');
  const feed = convexChangeFeed({ url: `${url.toUpperCase()}/`, secret: SECRET, reopenMs: 60_000 });
  const subscription = feed.subscribe({ onWindow: () => {}, onError: () => {} });
  await vi.waitFor(() => expect(sockets()).toBe(1), 10_000);
  await subscription.close();
});
