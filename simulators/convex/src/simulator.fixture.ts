import { fileURLToPath } from 'node:url';
import { ConvexClient, ConvexHttpClient } from 'convex/browser';
import { anyApi } from 'convex/server';
import type { FunctionReference } from 'convex/server';
import type { Value } from 'convex/values';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { startConvexSimulator } from './index.ts';
import type { ConvexSimulator, ConvexSimulatorOptions } from './index.ts';

export const FUNCTIONS: string = fileURLToPath(new URL('../fixtures/convex', import.meta.url));
/** The fixture's functions; not typed, as they are no part of the build. */
export const api: typeof anyApi = anyApi;

/** A simulator of the fixture's functions for one test. */
export async function start(options: ConvexSimulatorOptions = {}): Promise<ConvexSimulator> {
  const simulator = await startConvexSimulator({ functions: FUNCTIONS, ...options });
  onTestFinished(() => simulator.close());
  return simulator;
}

export function httpClient({ url }: ConvexSimulator): ConvexHttpClient {
  return new ConvexHttpClient(url, { logger: false });
}

/** A sync client that closes with its test. */
export function syncClient({ url }: ConvexSimulator): ConvexClient {
  const client = new ConvexClient(url, { logger: false });
  onTestFinished(() => client.close());
  return client;
}

/** Everything a subscription delivered so far, errors included, and a way to wait for more. */
export interface Watched {
  readonly seen: unknown[];
  until(reached: (seen: readonly unknown[]) => boolean): Promise<void>;
}

export function watch(client: ConvexClient, query: FunctionReference<'query'>, args: Record<string, Value>): Watched {
  const seen: unknown[] = [];
  client.onUpdate(
    query,
    args,
    (value: unknown) => void seen.push(value),
    (error) => void seen.push(error),
  );
  return { seen, until: (reached) => eventually(() => reached(seen)) };
}

/** Waits until it holds, at most 10 s. */
export async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 10_000; performance.now() < end; await pause(2)) {
    if (await holds()) return;
  }
  throw new Error('the expected state was not reached within 10 s');
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** A bare socket of the sync protocol: what it got, as text. */
export interface RawSocket {
  readonly frames: string[];
  readonly closed: { code?: number; reason?: string };
  readonly socket: WebSocket;
  send(message: unknown): void;
  /** The frame of that number, from 0, once it is there. */
  frame(n: number): Promise<Record<string, unknown>>;
}

export async function rawSocket({ url }: ConvexSimulator, path = '/api/1.48.0/sync'): Promise<RawSocket> {
  const socket = new WebSocket(url.replace('http', 'ws') + path);
  onTestFinished(() => socket.terminate());
  const frames: string[] = [];
  const closed: RawSocket['closed'] = {};
  socket.on('message', (data: Buffer) => void frames.push(data.toString('utf8')));
  socket.on('close', (code, reason) => Object.assign(closed, { code, reason: reason.toString('utf8') }));
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  return {
    frames,
    closed,
    socket,
    send: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    frame: async (n) => {
      await eventually(() => frames.length > n);
      return JSON.parse(frames[n] ?? '') as Record<string, unknown>;
    },
  };
}

/** A bare request: its status and its body as JSON. */
export async function post(
  { url }: ConvexSimulator,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ readonly status: number; readonly body: unknown }> {
  const response = await fetch(url + path, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  });
  return { status: response.status, body: await response.json() };
}
