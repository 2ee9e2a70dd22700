import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { initializeLogger } from '@livekit/agents';
import type { AgentDocument } from '@warmline/agent-config';
import { startSarvamSimulator } from '@warmline/sarvam-simulator';
import * as sarvam from '@warmline/tts-sarvam';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { cachedTts } from './cached-tts.ts';
import { startHost } from './host.ts';
import { openWarmline } from './warmline.ts';
import type { WarmlineEvent } from './warmline.ts';

initializeLogger({ pretty: false, level: 'fatal' });

type Simulator = Awaited<ReturnType<typeof startSarvamSimulator>>;
let directory: string;
let simulator: Simulator;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'warmline-door-'));
  simulator = await startSarvamSimulator({ speed: 0 });
});
afterEach(async () => {
  await simulator.close();
  rmSync(directory, { recursive: true, force: true });
});

function voice(): sarvam.TTS {
  return new sarvam.TTS({ apiKey: 'test-key', baseUrl: simulator.url, language: 'hi-IN' });
}

async function say(tts: { stream(): ReturnType<sarvam.TTS['stream']> }, text: string): Promise<void> {
  const stream = tts.stream();
  stream.pushText(text);
  stream.endInput();
  let frames = 0;
  for await (const audio of stream) if (typeof audio !== 'symbol') frames++;
  expect(frames).toBeGreaterThan(0);
}

const TEXT = 'Namaste! How may I help you?';

describe('openWarmline', () => {
  test('two processes’ parts of one machine share their speech; two scopes do not', async () => {
    const [one, other, foreign] = ['acme', 'acme', 'globex'].map((scope) => openWarmline({ directory, scope }));
    for (const warmline of [one, other, foreign]) {
      const tts = warmline!.tts(voice());
      await say(tts, TEXT);
      await tts.close();
      await warmline!.close();
    }
    expect(simulator.ledger().totals.utterances).toBe(4);
  });

  test('closing closes its services: a prompt that is being saved is waited for', async () => {
    const warmline = openWarmline({ directory });
    let saved = 0;
    const agents = warmline.agents({
      source: {
        getAgent: async (agentId) => ({ agentId, organizationId: 'acme', config: {}, updatedAt: 1 }),
        async savePrompt() {
          await sleep(100);
          saved++;
        },
      },
      shape: { parse: (document) => document as AgentDocument<object>, build: () => 'You are Asha.', promptVersion: 1 },
      onEvent: () => {},
    });
    await agents.getCachedFullPrompt('a');
    await warmline.close();
    expect(saved).toBe(1);
  });

  test('without a host tier everything works, and one event says why', async () => {
    const events: WarmlineEvent[] = [];
    const warmline = openWarmline({ directory: '/proc/nowhere', onEvent: (event) => events.push(event) });
    const tts = warmline.tts(voice());
    for (let time = 0; time < 2; time++) await say(tts, TEXT);
    expect(tts.getPhraseCacheStats().hitsByTier).toEqual({ process: 2 });
    expect(events).toMatchObject([{ type: 'host-tier-unavailable', error: { code: 'ERR_HOST_DIRECTORY' } }]);
    expect(warmline.permits({ account: 'a', limit: 1 })).toBeUndefined();
    expect(warmline.statistics()).toBeUndefined();
    await tts.close();
    await warmline.close();
  });

  test('a Redis that is not there is told, and everything works without', async () => {
    const events: WarmlineEvent[] = [];
    const warmline = openWarmline({ directory, redis: 'redis://127.0.0.1:1', onEvent: (event) => events.push(event) });
    const tts = warmline.tts(voice());
    for (let time = 0; time < 2; time++) await say(tts, TEXT);
    expect(tts.getPhraseCacheStats().hitsByTier).toEqual({ process: 2 });
    await vi.waitFor(() => expect(events).toMatchObject([{ type: 'redis-unavailable' }]));
    await tts.close();
    await warmline.close();
    expect(() => openWarmline({ redis: 'http://nowhere' })).toThrow(/scheme 'http'; there are: redis:/u);
  });

  test('a TTS that does not tell its voice needs one', async () => {
    const warmline = openWarmline({ directory, host: false });
    const inner = voice();
    Object.defineProperty(inner, 'voice', { value: undefined });
    expect(() => warmline.tts(inner)).toThrow(/does not tell its voice: pass \{ voice/u);
    expect(() => cachedTts(inner, { warmline })).toThrow(/does not tell its voice/u);
    await inner.close();
    await warmline.close();
  });

  test('other caches of the process are on the same tiers', async () => {
    const [one, other] = [openWarmline({ directory }), openWarmline({ directory })];
    await one.cache<string>({ name: 'prompts' }).set('a', 'Be brief.');
    expect(await other.cache<string>({ name: 'prompts' }).get('a')).toBe('Be brief.');
    await one.close();
    await other.close();
  });
});

describe('cachedTts', () => {
  test('refuses a mode there is not', () => {
    expect(() => cachedTts(voice(), { mode: 'off' as 'cache' })).toThrow(
      "mode must be 'cache' or 'observe', got \"off\"",
    );
  });

  test("in mode 'observe' nothing is cached, and what is written has no text", async () => {
    const observed = cachedTts(voice(), { mode: 'observe', agent: 'support', directory });
    for (let time = 0; time < 2; time++) await say(observed, TEXT);
    await observed.close();
    expect(simulator.ledger().totals.utterances).toBe(4);
    const logs = readdirSync(directory).filter((name) => name.endsWith('.jsonl'));
    const written = logs.map((name) => readFileSync(join(directory, name), 'utf8')).join('');
    expect(written.trim().split('\n').length).toBe(5);
    expect(written).not.toContain('Namaste');
    expect(written).toContain('support');
  });
});

describe('startHost', () => {
  test('warms a list once for the machine, however many workers ask, and calls find it', async () => {
    const hosts = await Promise.all([startHost({ directory }), startHost({ directory })]);
    const warmed = await Promise.all(
      hosts.map((host) => host.warm(host.warmline.tts(voice()), [TEXT], { perMinute: 600 })),
    );
    expect(warmed).toEqual([
      { ready: 2, failed: 0 },
      { ready: 2, failed: 0 },
    ]);
    expect(simulator.ledger().totals.utterances).toBe(2);
    // A process that was prewarmed has them before it is asked; one that is asked at once finds them on the machine.
    const prewarmed = openWarmline({ directory });
    await vi.waitFor(() => expect(prewarmed.phrases.stats().entries).toBe(2));
    await prewarmed.close();
    const call = openWarmline({ directory });
    const tts = call.tts(voice());
    await say(tts, TEXT);
    const { hits, misses } = tts.getPhraseCacheStats();
    expect({ hits, misses }).toEqual({ hits: 2, misses: 0 });
    await tts.close();
    await call.close();
    expect(hosts.filter(({ isKeeper }) => isKeeper)).toHaveLength(1);
    expect(hosts[0]?.statistics()?.total).toMatchObject({ processes: expect.any(Number) as unknown });
    for (const host of hosts) await host.close();
  });

  test('warms all the same when the host tier is gone', async () => {
    const host = await startHost({ directory, onEvent: () => {} });
    rmSync(directory, { recursive: true });
    expect(await host.warm(host.warmline.tts(voice()), [TEXT], { perMinute: 600 })).toEqual({ ready: 2, failed: 0 });
    await host.close();
  });
});

test.runIf(process.getuid?.() === 0)('a user that is in no table has a place for observations, too', () => {
  const module = new URL('./observe/observation-directory.ts', import.meta.url).href;
  const { stdout } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', `console.log((await import('${module}')).observationDirectory())`],
    { uid: 54_321, gid: 54_321, env: {}, encoding: 'utf8' },
  );
  expect(stdout.trim()).toBe(join(tmpdir(), '.warmline', 'observations'));
});
