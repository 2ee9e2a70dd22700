import { setTimeout as wait } from 'node:timers/promises';
import { tts as livekit } from '@livekit/agents';
import type { metrics } from '@livekit/agents';
import { describe, expect, it } from 'vitest';
import { createSocketPool } from './sarvam-pool.ts';
import { hear, pcmOf, QUICK, sha256, Stage, until } from './test-kit.fixture.ts';
import { TTS } from './tts.ts';

describe('stream', () => {
  it('speaks each sentence as one utterance, to the byte, and ends once', async () => {
    await using stage = await Stage.open({ language: 'hi-IN' });
    const { pcm, audio, ends } = await stage.say('Namas', 'te ji. आपका बैलेंस Rs. 500 है', '। ठीक है?', ' Bye now!');
    const { utterances } = stage.sim.ledger();
    expect(utterances.map(({ text }) => text)).toEqual(['Namaste ji.', 'आपका बैलेंस Rs. 500 है।', 'ठीक है?', 'Bye now!']);
    expect(utterances.every(({ complete }) => complete)).toBe(true);
    let at = 0;
    for (const { bytes, sha256: expected } of utterances) {
      expect(sha256(pcm.subarray(at, (at += bytes)))).toBe(expected);
    }
    expect(at).toBe(pcm.byteLength);
    expect(ends).toBe(1);
    expect(audio.map(({ final }) => final)).toEqual(audio.map((_, index) => index === audio.length - 1));
    expect(new Set(audio.map(({ segmentId }) => segmentId)).size).toBe(1);
    expect(new Set(audio.map(({ requestId }) => requestId)).size).toBe(4);
    expect(stage.errors).toEqual([]);
  });

  it('gives frames of at most 100 ms that own their memory', async () => {
    await using stage = await Stage.open();
    const { audio } = await stage.say('A sentence that is long enough for several messages of audio.');
    for (const { frame } of audio) {
      expect(frame).toMatchObject({ sampleRate: 24_000, channels: 1 });
      expect(frame.samplesPerChannel).toBeLessThanOrEqual(2400);
      expect(frame.data.byteLength).toBe(frame.data.buffer.byteLength);
    }
    expect(new Set(audio.map(({ frame }) => frame.data.buffer)).size).toBe(audio.length);
  });

  it('sends a sentence as soon as it is complete, while the reply goes on', async () => {
    await using stage = await Stage.open();
    const stream = stage.tts.stream();
    stream.pushText('The first one is complete. And the second');
    await until(() => stage.sim.ledger().totals.completed === 1);
    const first = await stream.next();
    expect(first.value).toMatchObject({ final: false });
    stream.pushText(' is too.');
    stream.endInput();
    expect((await hear(stream)).ends).toBe(1);
    expect(stage.sim.ledger().connections_total).toBe(1);
  });

  it('connects at the first token, not at the first sentence', async () => {
    await using stage = await Stage.open();
    const stream = stage.tts.stream();
    stream.pushText('Hel');
    await until(() => stage.sim.ledger().connections_total === 1);
    stream.close();
    expect(stage.sim.ledger().totals.utterances).toBe(0);
  });

  it('uses one socket for many utterances of many streams and voices', async () => {
    await using stage = await Stage.open({}, { speed: 0 });
    for (let turn = 0; turn < 30; turn += 1) {
      stage.tts.updateOptions({
        speaker: turn % 2 === 0 ? 'shubh' : 'ritu',
        language: turn % 3 === 0 ? 'hi-IN' : 'en-IN',
      });
      const { pcm } = await stage.say(`This is turn ${turn}. It goes on.`);
      const spoken = stage.sim.ledger().utterances.slice(-2);
      expect(spoken.map(({ speaker }) => speaker)).toEqual(Array(2).fill(turn % 2 === 0 ? 'shubh' : 'ritu'));
      expect(pcm.byteLength).toBe(spoken.reduce((sum, { bytes }) => sum + bytes, 0));
    }
    expect(stage.sim.ledger()).toMatchObject({ connections_total: 1, totals: { completed: 60 } });
    expect(stage.story).toEqual([]);
  });

  it('never opens more sockets than the pool may, and speaks everything', async () => {
    await using stage = await Stage.open({ pool: { maxConnections: 2 }, socketWaitMs: 5000 });
    const all = await Promise.all(Array.from({ length: 8 }, (_, n) => stage.say(`Caller number ${n} speaks.`)));
    expect(all.every(({ ends, pcm }) => ends === 1 && pcm.byteLength > 0)).toBe(true);
    expect(stage.sim.ledger()).toMatchObject({ peak_sockets: 2, connections_total: 2, totals: { completed: 8 } });
  });

  it('shares a given pool, whose cap holds for all models, and leaves it open', async () => {
    const pool = createSocketPool({ maxConnections: 1 });
    await using stage = await Stage.open({ pool, socketWaitMs: 5000 });
    const other = new TTS({ apiKey: 'test-key', baseUrl: stage.sim.url, model: 'bulbul:v2', pool });
    await stage.say('With one model.');
    const stream = other.stream();
    stream.pushText('With another model.');
    stream.endInput();
    expect((await hear(stream)).ends).toBe(1);
    await stage.tts.close();
    expect(pool.stats()).toMatchObject({ open: 1, opened: 2 });
    expect(stage.sim.ledger()).toMatchObject({ peak_sockets: 1 });
    expect(stage.sim.ledger().utterances.map(({ model }) => model)).toEqual(['bulbul:v3', 'bulbul:v2']);
    await pool.close();
  });

  it('does not lend a socket to another key', async () => {
    await using pool = createSocketPool();
    await using stage = await Stage.open({ pool }, { apiKeys: ['test-key', 'other-key'] });
    const other = new TTS({ apiKey: 'other-key', baseUrl: stage.sim.url, pool });
    await Promise.all([stage.tts.prewarm(), other.prewarm()]);
    expect(stage.sim.ledger().connections_total).toBe(2);
  });

  it('asks v4-flash at its own address', async () => {
    await using stage = await Stage.open({ model: 'bulbul:v4-flash', pitch: 0.1, loudness: 2 });
    expect((await stage.say('Hello there.')).ends).toBe(1);
    expect(stage.sim.ledger().connections).toMatchObject([{ path: '/text-to-speech/ws/v2', model: 'bulbul:v4-flash' }]);
  });

  it('counts one metric per reply, from the text sent to the first audio', async () => {
    await using stage = await Stage.open();
    const counted: metrics.TTSMetrics[] = [];
    stage.tts.on('metrics_collected', (each) => counted.push(each));
    await stage.say('One sentence. Two sentences.');
    expect(counted).toMatchObject([
      { charactersCount: 28, cancelled: false, metadata: { modelProvider: 'Sarvam', modelName: 'bulbul:v3' } },
    ]);
    expect(counted[0]!.ttfbMs).toBeGreaterThanOrEqual(0);
    expect(counted[0]!.audioDurationMs).toBeGreaterThan(1000);
  });

  it('makes each flush a segment of its own', async () => {
    await using stage = await Stage.open();
    const stream = stage.tts.stream();
    stream.pushText('No full stop here');
    stream.flush();
    stream.pushText('nor here');
    stream.endInput();
    const { audio, ends } = await hear(stream);
    expect(ends).toBe(1);
    expect(audio.filter(({ final }) => final)).toHaveLength(2);
    expect(stage.sim.ledger().utterances.map(({ text }) => text)).toEqual(['No full stop here', 'nor here']);
  });

  it('keeps the voice it was opened with', async () => {
    await using stage = await Stage.open();
    const stream = stage.tts.stream();
    stage.tts.updateOptions({ speaker: 'ritu', pace: 1.5 });
    stream.pushText('Who is speaking?');
    stream.endInput();
    await hear(stream);
    expect(stage.sim.ledger().utterances).toMatchObject([{ speaker: 'shubh', pace: 1 }]);
    await stage.say('And now?');
    expect(stage.sim.ledger().utterances.at(-1)).toMatchObject({ speaker: 'ritu', pace: 1.5 });
  });

  it('opens another socket for another model, so that the old one does not speak for it', async () => {
    await using stage = await Stage.open();
    await stage.say('With the old one.');
    stage.tts.updateOptions({ model: 'bulbul:v2' });
    await stage.say('With the new one.');
    expect(stage.sim.ledger().utterances.map(({ model, speaker }) => `${model} ${speaker}`)).toEqual([
      'bulbul:v3 shubh',
      'bulbul:v2 anushka',
    ]);
  });
});

describe('input', () => {
  it.each([[''], ['   \n '], ['...'], ['?! — …'], ['👍']])('%j is skipped with an event', async (text) => {
    await using stage = await Stage.open();
    expect(await stage.say(text)).toMatchObject({ audio: [] });
    expect(stage.story).toEqual(['text-skipped']);
    const chunked = stage.tts.synthesize(text, QUICK);
    expect((await hear(chunked)).audio).toEqual([]);
    expect(stage.story).toEqual(['text-skipped', 'text-skipped']);
    expect(stage.sim.ledger().totals.utterances).toBe(0);
    expect(stage.errors).toEqual([]);
  });

  it('speaks 3000 characters without a full stop, in pieces Sarvam takes', async () => {
    await using stage = await Stage.open({}, { speed: 0 });
    const text = 'word '.repeat(600).trim();
    expect((await stage.say(text)).ends).toBe(1);
    const spoken = stage.sim.ledger().utterances;
    expect(spoken.map((each) => each.text).join(' ')).toBe(text);
    expect(Math.max(...spoken.map(({ chars }) => chars))).toBeLessThanOrEqual(500);
  });

  it('replaces lone surrogates and joins those cut between tokens', async () => {
    await using stage = await Stage.open();
    expect((await stage.say('Smile \ud83d', '\ude00 now. And \ud800 then.')).ends).toBe(1);
    expect(stage.sim.ledger().utterances.map(({ text }) => text)).toEqual(['Smile 😀 now.', 'And \ufffd then.']);
  });
});

describe('synthesize', () => {
  it('speaks over the same sockets as streams', async () => {
    await using stage = await Stage.open();
    await stage.say('A stream.');
    const { audio, pcm } = await hear(stage.tts.synthesize('A text of two. Sentences it has.', QUICK));
    const { connections_total, utterances } = stage.sim.ledger();
    expect(connections_total).toBe(1);
    expect(pcm.byteLength).toBe(utterances[1]!.bytes + utterances[2]!.bytes);
    expect(audio.filter(({ final }) => final)).toEqual([audio.at(-1)]);
  });

  it('reports a failure once, and rejects nothing', async () => {
    await using stage = await Stage.open();
    stage.sim.setFaults({ error_frame: { shape: 'int', status: 400 } });
    expect((await hear(stage.tts.synthesize('This will fail.', QUICK))).audio).toEqual([]);
    expect(stage.errors).toMatchObject([{ name: 'APIStatusError', statusCode: 400, retryable: false }]);
    stage.tts.removeAllListeners('error');
    expect((await hear(stage.tts.synthesize('Nobody listens.', QUICK))).audio).toEqual([]);
    await wait(10);
  });

  it('stops at once when its signal aborts, before or while it speaks', async () => {
    await using stage = await Stage.open({}, { speed: 1 });
    const before = stage.tts.synthesize('Never said.', QUICK, AbortSignal.abort());
    expect((await hear(before)).audio).toEqual([]);
    const abort = new AbortController();
    const during = stage.tts.synthesize('A sentence that takes a while to be said.', QUICK, abort.signal);
    await during.next();
    const started = performance.now();
    abort.abort();
    await hear(during);
    expect(performance.now() - started).toBeLessThan(300);
    expect(stage.sim.ledger().utterances.map(({ text }) => text)).not.toContain('Never said.');
    expect(stage.errors).toEqual([]);
  });
});

describe('REST', () => {
  it('is all there is with that transport', async () => {
    await using stage = await Stage.open({ transport: 'rest', sampleRate: 32_000 });
    await stage.tts.prewarm();
    const { pcm, ends, audio } = await stage.say('First by REST. Then again.');
    const { utterances, connections_total } = stage.sim.ledger();
    expect(utterances).toMatchObject([{ transport: 'rest', sample_rate: 32_000 }, { transport: 'rest' }]);
    expect(sha256(pcm.subarray(0, utterances[0]!.bytes))).toBe(utterances[0]!.sha256);
    expect(pcm.byteLength).toBe(utterances[0]!.bytes + utterances[1]!.bytes);
    expect({ ends, connections_total, finals: audio.filter(({ final }) => final).length }).toEqual({
      ends: 1,
      connections_total: 0,
      finals: 1,
    });
  });

  it('waits as long as Retry-After says, and no longer than a caller can', async () => {
    await using stage = await Stage.open({ transport: 'rest' });
    stage.sim.setFaults({ rest_status: { status: 429, retry_after: '0.2', count: 1 } });
    expect((await stage.say('Patience.')).ends).toBe(1);
    expect(stage.events).toMatchObject([{ type: 'retry', delayMs: 200 }]);
    stage.sim.setFaults({ rest_status: { status: 503, retry_after: 'Fri, 01 Jan 2100 00:00:00 GMT', count: 1 } });
    expect((await stage.say('Too long.')).ends).toBe(0);
    expect(stage.errors).toMatchObject([{ statusCode: 503 }]);
  });
});

describe('life', () => {
  it('prewarms for the first sentence', async () => {
    await using stage = await Stage.open();
    await stage.tts.prewarm(2);
    expect(stage.sim.ledger().open_sockets).toBe(2);
    await stage.say('Straight away.');
    expect(stage.sim.ledger().connections_total).toBe(2);
    await stage.tts.close();
    expect(stage.sim.ledger().connections).toMatchObject([{ close_code: 1000 }, { close_code: 1000 }]);
  });

  it('keeps idle sockets alive beyond the idle limit of the service', async () => {
    await using stage = await Stage.open({ pool: { pingIntervalMs: 60 } }, { idleTimeoutMs: 150 });
    await stage.say('Before the pause.');
    await wait(500);
    await stage.say('After the pause.');
    const { connections, connections_total } = stage.sim.ledger();
    expect(connections_total).toBe(1);
    expect(connections[0]!.pings).toBeGreaterThanOrEqual(5);
    expect(connections[0]!.ping_frames).toBeGreaterThanOrEqual(5);
  });

  it('ends streams and sockets when it is closed, without an error', async () => {
    await using stage = await Stage.open({}, { speed: 1 });
    const stream = stage.tts.stream();
    stream.pushText('A sentence that will not be heard to its end. ');
    await stream.next();
    await stage.tts.close();
    expect((await hear(stream)).ends).toBe(0);
    await until(() => stage.sim.ledger().open_sockets === 0);
    expect(stage.errors).toEqual([]);
  });

  it('needs a key, from the option or the environment', () => {
    process.env['SARVAM_API_KEY'] = 'from-the-environment';
    expect(() => new TTS()).not.toThrow();
    delete process.env['SARVAM_API_KEY'];
    expect(() => new TTS()).toThrow('SARVAM_API_KEY');
  });

  it('is a LiveKit TTS that streams', async () => {
    await using stage = await Stage.open();
    expect(stage.tts).toBeInstanceOf(livekit.TTS);
    expect(stage.tts.capabilities).toEqual({ streaming: true, alignedTranscript: false });
    expect(pcmOf([]).byteLength).toBe(0);
  });
});
