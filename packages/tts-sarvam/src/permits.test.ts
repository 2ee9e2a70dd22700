import { spawn } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import type { SarvamSimulator } from '@warmline/sarvam-simulator';
import { describe, expect, it } from 'vitest';
import { systemClock } from './clock.ts';
import type { SarvamEvent } from './events.ts';
import { CountedPermits } from './permits.fixture.ts';
import type { Permits } from './permits.ts';
import { createSocketPool } from './sarvam-pool.ts';
import { SarvamSocket } from './sarvam-socket.ts';
import type { Heard } from './test-kit.fixture.ts';
import { hear, sha256, Stage, until } from './test-kit.fixture.ts';
import { TTS } from './tts.ts';

const LONG = 'This sentence is long, it goes on and on, and nobody will ever want to hear its end, which is far away.';

/** Whether each of these was spoken to its end, to the byte. */
function allSpoken(sim: SarvamSimulator, heard: readonly Heard[]): boolean {
  const whole = new Set(sim.ledger().utterances.flatMap((each) => (each.complete ? [each.sha256] : [])));
  return heard.every(({ pcm, ends }) => ends === 1 && whole.has(sha256(pcm)));
}

/** With LiveKit's own patience, so that a busy machine makes no retries. */
async function say({ tts }: Stage, text: string): Promise<Heard> {
  const stream = tts.stream();
  stream.pushText(text);
  stream.endInput();
  return hear(stream);
}

function transports({ sim }: Stage): string[] {
  return sim.ledger().utterances.map(({ transport }) => transport);
}

describe('without a permit a sentence goes by REST', () => {
  it('as soon as it is clear that none is free, to its end', async () => {
    const permits = new CountedPermits(1);
    await permits.acquire(0);
    await using stage = await Stage.open({ pool: { permits }, socketWaitMs: 60_000 });
    const heard = await say(stage, 'Nothing is free.');
    expect(allSpoken(stage.sim, [heard])).toBe(true);
    expect(transports(stage)).toEqual(['rest']);
    expect(stage.sim.ledger().connections_total).toBe(0);
    expect(stage.events.map(({ type }) => type)).toEqual(['no-permit', 'rest-fallback']);
    expect(stage.errors).toEqual([]);
  });

  it.each<[string, Permits['acquire']]>([
    ['rejects', () => Promise.reject(new Error('disk full'))],
    ['never answers', () => new Promise(() => {})],
  ])('when the store %s', async (_name, acquire) => {
    const permits = { acquire, isWanted: () => false };
    await using stage = await Stage.open({ pool: { permits }, socketWaitMs: 60_000 });
    expect(allSpoken(stage.sim, [await say(stage, 'It is broken.')])).toBe(true);
    expect(transports(stage)).toEqual(['rest']);
    expect(stage.events.map(({ type }) => type)).toEqual(['permits-failed', 'rest-fallback']);
    expect(stage.errors).toEqual([]);
  });

  it('and the next one by a socket, when one has become free', async () => {
    const permits = new CountedPermits(1);
    const taken = await permits.acquire(0);
    await using stage = await Stage.open({ pool: { permits } });
    await say(stage, 'Nothing is free.');
    taken?.release();
    await say(stage, 'Now it is.');
    expect(transports(stage)).toEqual(['rest', 'ws']);
  });
});

/** Once, when the service had forgotten the socket, so that whoever had it next was not refused. */
const GIVEN_BACK = { countedThen: 0, granted: 1, twice: 0, next: 1, refused: 0 };

/** A stage with one permit, which notes what the service counts whenever it is given back. */
async function openCounted(options: Parameters<typeof Stage.open>[0] = {}, simulator: { speed?: number } = {}) {
  const permits = new CountedPermits(1);
  const stage = await Stage.open(
    { ...options, pool: { permits, ...options.pool } },
    { maxConnections: 1, ...simulator },
  );
  const counted: number[] = [];
  permits.onRelease = () => counted.push(stage.sim.ledger().open_sockets);
  /** What became of the permit, and of the one who has it next. */
  const outcome = async () => {
    await until(() => permits.held === 0);
    const { granted, twice } = permits;
    const next = createSocketPool({ permits });
    await using other = await Stage.open({ pool: next, baseUrl: stage.sim.url });
    await other.tts.prewarm();
    const { idle } = next.stats();
    await next.close();
    return { countedThen: counted[0], granted, twice, next: idle, refused: stage.sim.ledger().refused.limit };
  };
  return { stage, permits, outcome, [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose]() };
}

describe('a permit is given back when the service no longer counts the socket', () => {
  it('that is closed with its pool', async () => {
    await using set = await openCounted();
    await say(set.stage, 'One sentence.');
    expect(set.permits.held).toBe(1);
    await set.stage.tts.close();
    expect(await set.outcome()).toEqual(GIVEN_BACK);
  });

  it('that an interruption cuts', async () => {
    await using set = await openCounted({}, { speed: 1 });
    const stream = set.stage.tts.stream();
    stream.pushText(LONG);
    stream.endInput();
    await stream.next();
    stream.close();
    await until(() => set.stage.story.includes('interrupted'));
    expect(set.permits.held).toBe(1);
    expect(await set.outcome()).toEqual(GIVEN_BACK);
    expect(set.stage.sim.ledger().connections[0]).toMatchObject({ close_code: 1006 });
  });

  it.each([
    ['that the service cuts', true],
    ['that the service closes', false],
  ])('%s', async (_name, cut) => {
    await using set = await openCounted();
    await say(set.stage, 'One sentence.');
    set.stage.sim.setFaults({ idle_close: { cut } });
    expect(await set.outcome()).toEqual(GIVEN_BACK);
  });

  it('whose handshake is refused', async () => {
    await using set = await openCounted();
    set.stage.sim.setFaults({ handshake_refuse: { status: 503, count: 1 } });
    await set.stage.tts.prewarm();
    expect(await set.outcome()).toEqual(GIVEN_BACK);
  });

  it('whose handshake takes too long: it is counted until it is answered', async () => {
    await using set = await openCounted({ pool: { connectTimeoutMs: 50 } });
    set.stage.sim.setFaults({ handshake_delay: { ms: 300, count: 1 } });
    await set.stage.tts.prewarm();
    expect(set.stage.events).toMatchObject([{ type: 'connect-failed' }]);
    expect(set.permits.held).toBe(1);
    expect(await set.outcome()).toEqual(GIVEN_BACK);
  });

  it('whose pool is closed during the handshake', async () => {
    await using set = await openCounted();
    set.stage.sim.setFaults({ handshake_delay: { ms: 300, count: 1 } });
    const warm = set.stage.tts.prewarm();
    await wait(50);
    await set.stage.tts.close();
    await warm;
    expect(set.permits.held).toBe(1);
    expect(await set.outcome()).toEqual(GIVEN_BACK);
  });

  it('that is idle when another process wants it', async () => {
    await using set = await openCounted();
    await say(set.stage, 'One sentence.');
    const other = set.permits.acquire(2000);
    await until(() => set.stage.sim.ledger().open_sockets === 0);
    expect(set.stage.events.at(-1)).toMatchObject({ type: 'connection-closed', reason: 'wanted' });
    (await other)?.release();
    expect(set.permits.twice).toBe(0);
  });
});

it.each([
  ['agreed to', true],
  ['not agreed to', false],
])('a close %s is told apart', async (_name, agreed) => {
  await using stage = await Stage.open();
  const url = `${stage.sim.url.replace('http', 'ws')}/text-to-speech/ws?model=bulbul:v3`;
  const socket = await SarvamSocket.open(
    { url, apiKey: 'test-key' },
    {
      timeoutMs: 1000,
      signal: new AbortController().signal,
      clock: systemClock,
      habits: { renewsIds: false },
      onStray: () => {},
    },
  );
  if (!agreed) socket.listen({ onMessage: () => {}, onEnd: () => {} });
  await socket.close();
  expect(socket.goodbyeAnswered).toBe(agreed);
});

it('100 calls share 30 sockets: nothing is refused and everything is spoken', async () => {
  await using stage = await Stage.open({}, { maxConnections: 30, speed: 0.3 });
  const { sim } = stage;
  const permits = new CountedPermits(30);
  const events: SarvamEvent[] = [];
  const calls = Array.from({ length: 100 }, (_, call) => ({
    call,
    tts: new TTS({
      apiKey: 'test-key',
      baseUrl: sim.url,
      sampleRate: 8000,
      pool: { permits },
      onEvent: (event) => events.push(event),
    }),
  }));
  const heard = await Promise.all(
    calls.map(async ({ call, tts }) => {
      const mine = [];
      await wait(call * 5);
      for (let turn = 0; turn < 4; turn += 1) {
        const stream = tts.stream();
        stream.pushText(`Call ${call}, turn ${turn}.`);
        stream.endInput();
        if ((call + turn) % 5 === 0) {
          // A caller who interrupts.
          await stream.next();
          stream.close();
          await hear(stream);
        } else {
          mine.push(await hear(stream));
        }
        await wait((call * 37) % 100);
      }
      await tts.close();
      return mine;
    }),
  );
  const { refused, peak_sockets: peak, utterances } = sim.ledger();
  expect(refused).toEqual({ auth: 0, limit: 0, fault: 0 });
  expect(peak).toBeLessThanOrEqual(30);
  expect(allSpoken(sim, heard.flat())).toBe(true);
  expect(heard.flat()).toHaveLength(320);
  expect(new Set(utterances.map(({ transport }) => transport))).toEqual(new Set(['ws', 'rest']));
  expect(permits).toMatchObject({ held: 0, peak: 30, twice: 0 });
  expect(events).toContainEqual(expect.objectContaining({ type: 'connection-closed', reason: 'wanted' }));
}, 60_000);

it('idle sockets with permits do not keep the process alive', async () => {
  await using stage = await Stage.open();
  const script = `
    import { TTS } from '${new URL('tts.ts', import.meta.url).href}';
    const permits = { acquire: async () => ({ release() {} }), isWanted: () => false };
    const voice = new TTS({ apiKey: 'test-key', baseUrl: '${stage.sim.url}', pool: { permits } });
    await voice.prewarm(2);
    console.log('warm');`;
  const child = spawn(process.execPath, ['--conditions=@warmline/source', '--input-type=module', '--eval', script], {
    cwd: new URL('..', import.meta.url),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (data) => (output += String(data)));
  const code = await Promise.race([new Promise((resolve) => child.once('exit', resolve)), wait(30_000, 'still alive')]);
  child.kill();
  expect({ code, output }).toEqual({ code: 0, output: 'warm\n' });
}, 60_000);
