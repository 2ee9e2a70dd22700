import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RedisServer } from '@warmline/cache-redis/testing';
import { initializeLogger } from '@livekit/agents';
import { startSarvamSimulator } from '@warmline/sarvam-simulator';
import * as sarvam from '@warmline/tts-sarvam';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Host } from './host.ts';
import { startHost } from './host.ts';
import { openWarmline } from './warmline.ts';
import type { Warmline } from './warmline.ts';

initializeLogger({ pretty: false, level: 'fatal' });

const TEXT = 'Namaste! How may I help you?';

let server: RedisServer;
let simulator: Awaited<ReturnType<typeof startSarvamSimulator>>;
let root: string;
let ends: (() => Promise<unknown>)[];

beforeAll(async () => {
  server = await RedisServer.start();
}, 60_000);
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'warmline-cluster-'));
  simulator = await startSarvamSimulator({ speed: 0 });
  ends = [];
  await server.command('FLUSHALL');
});
afterEach(async () => {
  for (const end of ends.toReversed()) await end();
  await simulator.close();
  rmSync(root, { recursive: true, force: true });
});

/** A machine: its host service, and a process for calls. */
async function machine(name: string): Promise<{ host: Host; calls: Warmline }> {
  const options = { directory: join(root, name), redis: server.url, onEvent: () => {} };
  const host = await startHost(options);
  const calls = openWarmline(options);
  ends.push(
    () => host.close(),
    () => calls.close(),
  );
  await vi.waitFor(() => expect([host.isKeeper, calls.cluster?.tier.isAvailable]).toEqual([true, true]), 5_000);
  return { host, calls };
}

test('what one machine has spoken, another replays', async () => {
  const machines = [await machine('one'), await machine('two')];
  for (const { calls } of machines) {
    const tts = calls.tts(new sarvam.TTS({ apiKey: 'test-key', baseUrl: simulator.url, language: 'hi-IN' }));
    const stream = tts.stream();
    stream.pushText(TEXT);
    stream.endInput();
    for await (const audio of stream) expect(audio).toBeDefined();
    await vi.waitFor(async () => expect(Number(await server.command('DBSIZE'))).toBeGreaterThan(2));
    await tts.close();
  }
  // Two sentences, each spoken once.
  expect(simulator.ledger().totals.utterances).toBe(2);
});

test('what one machine changes, another stops serving, with all it kept of it', async () => {
  const [one, two] = [await machine('one'), await machine('two')];
  const caches = [one, two].map(({ calls }) => calls.cache<number>({ name: 'config' }));
  const [here, there] = [caches[0]!, caches[1]!];
  await vi.waitFor(async () => {
    // A machine whose host service has just begun to hear trusts nothing it kept before.
    await there.getOrLoad('probe', () => 1);
    expect(await there.get('probe')).toBe(1);
  }, 5_000);
  await here.set('agent', 1);
  expect(await there.get('agent')).toBe(1);
  expect(there.peek('agent')).toBe(1);
  expect(await here.delete('agent')).toEqual({ pending: false });
  await vi.waitFor(() => expect(there.peek('agent')).toBeUndefined(), 1_000);
  expect(await there.get('agent')).toBeUndefined();
});

test('without a host service nothing mutable is trusted, and speech is', async () => {
  const options = { directory: join(root, 'alone'), redis: server.url, onEvent: () => {} };
  const calls = openWarmline(options);
  ends.push(() => calls.close());
  await vi.waitFor(() => expect(calls.cluster?.tier.isAvailable).toBe(true), 5_000);
  const config = calls.cache<number>({ name: 'config' });
  const phrases = calls.cache<number>({ name: 'phrases-like', immutable: true });
  for (const cache of [config, phrases]) await cache.getOrLoad('k', () => 1);
  expect(await config.getOrLoad('k', () => 2)).toBe(2);
  expect(await phrases.getOrLoad('k', () => 2)).toBe(1);
});
