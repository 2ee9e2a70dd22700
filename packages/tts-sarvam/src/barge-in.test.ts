import { spawn } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { hear, sha256, Stage, until } from './test-kit.fixture.ts';

const LONG = 'This sentence is long, it goes on and on, and nobody will ever want to hear its end, which is far away.';

describe('an interruption', () => {
  it('closes the socket when the rest would take longer than a new handshake', async () => {
    await using stage = await Stage.open({}, { speed: 1 });
    const stream = stage.tts.stream();
    stream.pushText(LONG);
    stream.endInput();
    await stream.next();
    const started = performance.now();
    stream.close();
    await hear(stream);
    expect(performance.now() - started).toBeLessThan(100);
    await until(() => stage.story.includes('interrupted'));
    expect(stage.events).toContainEqual({ type: 'interrupted', socket: 'closed' });
    await until(() => stage.sim.ledger().open_sockets === 0);
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(stage.sim.ledger().connections).toMatchObject([{ close_code: 1006 }]);
    const next = await stage.say('Short.');
    expect(sha256(next.pcm)).toBe(stage.sim.ledger().utterances.at(-1)!.sha256);
    expect(stage.errors).toEqual([]);
  });

  it('hears out a short rest, throws it away, and keeps the socket', async () => {
    await using stage = await Stage.open({}, { speed: 1 });
    stage.sim.setFaults({ handshake_delay: { ms: 500 } });
    const stream = stage.tts.stream();
    stream.pushText('A short one.');
    stream.endInput();
    await stream.next();
    const started = performance.now();
    stream.close();
    await hear(stream);
    expect(performance.now() - started).toBeLessThan(100);
    await until(() => stage.story.includes('interrupted'));
    expect(stage.events).toContainEqual({ type: 'interrupted', socket: 'drained' });
    const next = await stage.say('Another.');
    const { connections_total, utterances } = stage.sim.ledger();
    expect(connections_total).toBe(1);
    expect(utterances).toMatchObject([{ complete: true }, { complete: true }]);
    expect(sha256(next.pcm)).toBe(utterances[1]!.sha256);
  });

  it('closes a socket that does not get to its end when it should', async () => {
    await using stage = await Stage.open({}, { speed: 1 });
    stage.sim.setFaults({ handshake_delay: { ms: 400 }, missing_final: {} });
    const stream = stage.tts.stream();
    stream.pushText('A short one.');
    stream.endInput();
    await stream.next();
    stream.close();
    await until(() => stage.story.includes('interrupted'));
    expect(stage.events).toContainEqual({ type: 'interrupted', socket: 'closed' });
  });

  it('gives back a socket on which nothing was said', async () => {
    await using stage = await Stage.open();
    await stage.tts.prewarm();
    const stream = stage.tts.stream();
    stream.pushText('Not yet a sent');
    await wait(20);
    stream.close();
    await stage.say('A sentence.');
    expect(stage.sim.ledger()).toMatchObject({ connections_total: 1, totals: { utterances: 1 } });
  });

  it('ends the wait for a socket, for REST, and between retries', async () => {
    await using stage = await Stage.open({ socketWaitMs: 5000 });
    const interrupt = async (): Promise<void> => {
      const stream = stage.tts.stream();
      stream.pushText(LONG);
      stream.endInput();
      await wait(40);
      const started = performance.now();
      stream.close();
      await hear(stream);
      expect(performance.now() - started).toBeLessThan(100);
    };
    stage.sim.setFaults({ handshake_hang: { count: 1 } });
    await interrupt();
    stage.sim.setFaults({ handshake_refuse: { status: 503 }, first_chunk_delay: { ms: 1000 } });
    await interrupt();
    stage.sim.setFaults({ handshake_refuse: null, first_chunk_delay: null, error_frame: { status: 503 } });
    await interrupt();
    expect(stage.errors).toEqual([]);
  });
});

describe('the process', () => {
  it.each([
    ['ends by itself after close()', 'await voice.close();'],
    ['is not kept alive by idle sockets', 'await voice.prewarm(2);'],
    ['does not end while a sentence waits for its retry', ''],
  ])('%s', async (_name, end) => {
    await using stage = await Stage.open();
    stage.sim.setFaults({ error_frame: { shape: 'int', count: 1 } });
    const script = `
      import { initializeLogger } from '@livekit/agents';
      import { TTS } from '${new URL('tts.ts', import.meta.url).href}';
      initializeLogger({ pretty: false, level: 'silent' });
      const voice = new TTS({ apiKey: 'test-key', baseUrl: '${stage.sim.url}' });
      const stream = voice.stream();
      stream.pushText('Only this.');
      stream.endInput();
      let ends = 0;
      for await (const item of stream) if (typeof item === 'symbol') ends += 1;
      ${end}
      console.log('ends', ends);`;
    const args = ['--conditions=@warmline/source', '--input-type=module', '--eval', script];
    const child = spawn(process.execPath, args, {
      cwd: new URL('..', import.meta.url),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (data) => (output += String(data)));
    const code = await Promise.race([
      new Promise((resolve) => child.once('exit', resolve)),
      wait(10_000, 'still alive'),
    ]);
    child.kill();
    expect({ code, output }).toEqual({ code: 0, output: 'ends 1\n' });
  });
});
