import { setTimeout as wait } from 'node:timers/promises';
import type { Faults } from '@warmline/sarvam-simulator';
import { describe, expect, it } from 'vitest';
import type { Heard } from './test-kit.fixture.ts';
import { hear, QUICK, sha256, Stage, until } from './test-kit.fixture.ts';
import { TTS } from './tts.ts';

const SENTENCE = 'The quick brown fox jumps over the lazy dog by the river bank.';

/** Whether what was heard is, to the bit, one complete utterance of the ledger. */
function isWhole(stage: Stage, { pcm }: Heard): boolean {
  return stage.sim.ledger().utterances.some(({ complete, sha256: expected }) => complete && expected === sha256(pcm));
}

/** Speaks under a fault that strikes once, then without it: the next sentence must always be spoken. */
async function strike(faults: Faults) {
  await using stage = await Stage.open({ receiveTimeoutMs: 300 });
  await stage.say('A first sentence, so that the socket is not new.');
  stage.events.length = 0;
  stage.sim.setFaults(faults);
  const heard = await stage.say(SENTENCE);
  const whole = isWhole(stage, heard);
  stage.sim.setFaults(Object.fromEntries(Object.keys(faults).map((name) => [name, null])));
  const next = await stage.say('And the next sentence.');
  expect(next.ends).toBe(1);
  expect(isWhole(stage, next)).toBe(true);
  const spoken = stage.sim.ledger().utterances.filter(({ text }) => text === SENTENCE);
  return {
    ...heard,
    whole,
    story: stage.story,
    errors: stage.errors,
    times: spoken.length,
    transports: spoken.map(({ transport }) => transport),
  };
}

const once = { count: 1 };

describe.concurrent('a fault before the first audio is retried, and the sentence spoken once', () => {
  it.each<[string, Faults, string[]]>([
    ['error 503 as a number', { error_frame: { shape: 'int', ...once } }, ['retry']],
    ['error as a word', { error_frame: { shape: 'word', ...once } }, ['retry']],
    ['error 429 in the text', { error_frame: { shape: 'text', status: 429, ...once } }, ['retry']],
    ['error 503 as digits', { error_frame: { shape: 'digits', status: 503, ...once } }, ['retry']],
    ['close 1000', { close: { code: 1000, ...once } }, ['socket-replaced']],
    ['close 1011', { close: { code: 1011, ...once } }, ['socket-replaced']],
    ['a cut', { cut: once }, ['socket-replaced']],
    ['a stall', { stall: once }, ['retry']],
    ['no JSON', { non_json_frame: once }, ['retry']],
    ['a final without audio', { truncate: { fraction: 0, ...once } }, ['socket-replaced']],
    ['two finals without audio', { truncate: { fraction: 0, count: 2 } }, ['socket-replaced', 'retry']],
    ['two closes', { close: { code: 1000, count: 2 } }, ['socket-replaced', 'retry']],
  ])('%s', async (_name, faults, story) => {
    const result = await strike(faults);
    expect(result).toMatchObject({ whole: true, ends: 1, story, errors: [] });
  });
});

describe.concurrent('a fault after some audio is an error, reported once, and nothing is said twice', () => {
  it.each<[string, Faults, string]>([
    ['close 1000', { close: { code: 1000, after_chunks: 2, ...once } }, 'APIConnectionError'],
    ['close 1011', { close: { code: 1011, after_chunks: 2, ...once } }, 'APIConnectionError'],
    ['close 4000', { close: { code: 4000, after_chunks: 2, ...once } }, 'APIConnectionError'],
    ['a cut', { cut: { after_chunks: 2, ...once } }, 'APIConnectionError'],
    ['an error', { error_frame: { shape: 'int', after_chunks: 2, ...once } }, 'APIStatusError'],
    ['a stall', { stall: { after_chunks: 2, ...once } }, 'APITimeoutError'],
    ['a missing final', { missing_final: once }, 'APITimeoutError'],
  ])('%s', async (_name, faults, name) => {
    const result = await strike(faults);
    expect(result).toMatchObject({ ends: 0, times: 1, story: ['sentence-failed'] });
    expect(result.pcm.byteLength).toBeGreaterThan(0);
    expect(result.errors).toMatchObject([{ name, retryable: false }]);
  });
});

describe.concurrent('an error that trying again cannot help is reported at once', () => {
  it.each<[string, Faults, number]>([
    ['as a number', { error_frame: { shape: 'int', status: 422, close: 1000 } }, 422],
    ['as digits', { error_frame: { shape: 'digits', status: 400 } }, 400],
    ['in the text', { error_frame: { shape: 'text', status: 400 } }, 400],
    ['an empty quota', { error_frame: { shape: 'int', status: 429, message: 'insufficient quota' } }, 429],
  ])('%s', async (_name, faults, statusCode) => {
    const result = await strike(faults);
    expect(result).toMatchObject({ ends: 0, audio: [], times: 1, story: ['sentence-failed'] });
    expect(result.errors).toMatchObject([{ name: 'APIStatusError', statusCode, retryable: false }]);
  });

  it('a close by the application', async () => {
    await using stage = await Stage.open();
    stage.sim.setFaults({ close: { code: 4000, reason: 'not you' } });
    expect((await stage.say(SENTENCE)).ends).toBe(0);
    expect(stage.story).toEqual(['sentence-failed']);
    expect(stage.errors[0]!.message).toContain('(4000, not you)');
  });

  it('an answer to the config that comes before the sentence is complete', async () => {
    await using stage = await Stage.open({ speaker: 'amelia' });
    const stream = stage.tts.stream({ connOptions: QUICK });
    stream.pushText('A sentence that takes its');
    await until(() => stage.story.includes('stray-message'));
    stream.pushText(' time.');
    stream.endInput();
    expect((await hear(stream)).ends).toBe(0);
    expect(stage.errors).toMatchObject([{ statusCode: 400 }]);
    expect(stage.errors[0]!.message).toContain("Speaker 'amelia' is not recognized");
    expect(stage.story).toEqual(['unknown-speaker', 'stray-message', 'sentence-failed']);
  });

  it('a pool that was closed', async () => {
    await using stage = await Stage.open();
    await stage.tts.close();
    expect((await stage.say(SENTENCE)).ends).toBe(0);
    expect(stage.errors[0]!.message).toBe('Sarvam cannot be reached: the pool is closed');
    expect(stage.story).toEqual(['sentence-failed']);
  });

  it('a wrong key', async () => {
    await using stage = await Stage.open({ apiKey: 'wrong-key' });
    expect((await stage.say(SENTENCE)).ends).toBe(0);
    expect(stage.errors).toMatchObject([{ statusCode: 403 }]);
    expect(stage.errors[0]!.message).toMatch(/^Sarvam refused the API key \(403\)/u);
    expect(stage.sim.ledger().refused.auth).toBe(1);
  });

  it('a wrong key over REST', async () => {
    await using stage = await Stage.open({ apiKey: 'wrong-key', transport: 'rest' });
    expect((await stage.say(SENTENCE)).ends).toBe(0);
    expect(stage.errors).toMatchObject([{ statusCode: 403 }]);
    expect(JSON.stringify([stage.events, stage.errors.map(String)])).not.toContain('wrong-key');
  });
});

describe('retries', () => {
  it('end, with one error', async () => {
    await using stage = await Stage.open();
    stage.sim.setFaults({ error_frame: { shape: 'int', status: 503 } });
    expect(await stage.say(SENTENCE)).toMatchObject({ ends: 0, audio: [] });
    expect(stage.story).toEqual(['retry', 'retry', 'sentence-failed']);
    expect(stage.events.flatMap((event) => (event.type === 'retry' ? [event.delayMs] : []))).toEqual([100, 20]);
    expect(stage.errors).toMatchObject([{ statusCode: 503, retryable: false }]);
  });

  it('resend only the sentence that was not spoken', async () => {
    await using stage = await Stage.open();
    stage.sim.setFaults({ error_frame: { shape: 'int', match: 'Second', count: 1 } });
    const { pcm, ends } = await stage.say('First sentence here. Second sentence here. Third sentence here.');
    expect(ends).toBe(1);
    const { utterances } = stage.sim.ledger();
    expect(utterances.map(({ text }) => text.split(' ')[0])).toEqual(['First', 'Second', 'Second', 'Third']);
    expect(pcm.byteLength).toBe(utterances.reduce((sum, { bytes }) => sum + bytes, 0));
  });

  it('speak the sentence after one that broke, and report it once, at the end', async () => {
    await using stage = await Stage.open();
    stage.sim.setFaults({ cut: { match: 'Second', after_chunks: 1, count: 1 } });
    const { pcm, ends } = await stage.say('First sentence here. Second sentence here. Third sentence here.');
    const { utterances } = stage.sim.ledger();
    expect(utterances.map(({ text }) => text.split(' ')[0])).toEqual(['First', 'Second', 'Third']);
    const [first, , third] = utterances;
    expect(sha256(pcm.subarray(0, first!.bytes))).toBe(first!.sha256);
    expect(sha256(pcm.subarray(-third!.bytes))).toBe(third!.sha256);
    expect(ends).toBe(0);
    expect(stage.errors).toHaveLength(1);
  });

  it('stop the reply when a sentence could not even begin', async () => {
    await using stage = await Stage.open();
    stage.sim.setFaults({ error_frame: { shape: 'int', status: 400, match: 'Second' } });
    const { ends } = await stage.say('First sentence here. Second sentence here. Third sentence here.');
    const spoken = stage.sim.ledger().utterances.map(({ text }) => text.split(' ')[0]);
    expect(spoken).toEqual(['First', 'Second']);
    expect(ends).toBe(0);
    expect(stage.errors).toHaveLength(1);
  });

  it('never quote a long text, nor half of it', async () => {
    await using stage = await Stage.open();
    const secret = `Dear Asha Rao of twelve Lake Road, ${'we write to you about your account and '.repeat(6)}thank you.`;
    for (const quote of [secret, secret.slice(0, 150)]) {
      stage.sim.setFaults({ error_frame: { shape: 'int', status: 400, message: `cannot say '${quote}'` } });
      await stage.say(secret);
    }
    const told = JSON.stringify(stage.events) + stage.errors.map(({ message }) => message).join();
    expect(told).toContain('cannot say');
    expect(told).not.toContain('Asha');
    expect(told).not.toContain('account');
  });

  it('never quote the text or the key', async () => {
    await using stage = await Stage.open();
    stage.sim.setFaults({
      error_frame: { shape: 'int', status: 400, message: `cannot say '${SENTENCE}' for test-key` },
    });
    await stage.say(SENTENCE);
    expect(stage.errors[0]!.message).toBe("Sarvam answered (400): cannot say '[…]' for […]");
    expect(JSON.stringify(stage.events)).not.toMatch(/quick brown|test-key/u);
  });
});

describe.concurrent('odd things on the wire', () => {
  it('what is still on its way after a failure is no news', async () => {
    await using stage = await Stage.open({}, { speed: 0 });
    stage.sim.setFaults({ non_json_frame: once });
    expect((await stage.say(SENTENCE)).ends).toBe(1);
    expect(stage.story).toEqual(['retry']);
  });

  it('chunks of odd length are put together to the bit', async () => {
    expect(await strike({ odd_chunks: once })).toMatchObject({ whole: true, ends: 1, errors: [] });
  });

  it('an empty chunk is nothing', async () => {
    expect(await strike({ empty_audio: once })).toMatchObject({ whole: true, ends: 1, story: [] });
  });

  it('a second final is not taken for the end of the next utterance', async () => {
    await using stage = await Stage.open();
    stage.sim.setFaults({ duplicate_final: once });
    const { pcm, ends } = await stage.say('First sentence here. Second sentence here.');
    const { utterances } = stage.sim.ledger();
    expect(ends).toBe(1);
    expect(sha256(pcm.subarray(utterances[0]!.bytes))).toBe(utterances.at(-1)!.sha256);
    expect(stage.story).toEqual(['stray-message', 'socket-replaced']);
  });

  it.each<[string, Faults]>([
    ['at its start', { late_frames: { match: 'First' } }],
    ['soon after its own final', { audio_after_final: { frames: 2, ms: 5, match: 'First' } }],
  ])('late audio of the utterance before, %s, is told by its id', async (_name, faults) => {
    await using stage = await Stage.open();
    await stage.say('Here we learn. That ids are renewed.');
    stage.sim.setFaults(faults);
    const { pcm, ends } = await stage.say('First sentence here. Second sentence here.');
    const [first, second] = stage.sim.ledger().utterances.slice(-2);
    expect(ends).toBe(1);
    expect(sha256(pcm.subarray(first!.bytes))).toBe(second!.sha256);
  });

  it('audio that comes while a socket is idle ends the socket', async () => {
    await using stage = await Stage.open();
    stage.sim.setFaults({ audio_after_final: { ms: 20 } });
    await stage.say('Once.');
    await until(() => stage.sim.ledger().open_sockets === 0);
    expect(stage.story).toEqual(['stray-message']);
  });

  it('late audio is an error where ids were not known yet', async () => {
    await using stage = await Stage.open();
    stage.sim.setFaults({ late_frames: { match: 'First', count: 1 } });
    expect((await stage.say('First sentence here. Second sentence here.')).ends).toBe(0);
    expect(stage.errors[0]!.message).toBe('Sarvam sent audio of the utterance before');
  });
});

describe('sockets that cannot be had', () => {
  it.each([[429 as const], [503 as const]])(
    'a handshake refused with %i: the sentence goes by REST',
    async (status) => {
      await using stage = await Stage.open();
      stage.sim.setFaults({ handshake_refuse: { status } });
      const { ends, pcm } = await stage.say(SENTENCE);
      expect(ends).toBe(1);
      const [spoken] = stage.sim.ledger().utterances;
      expect(spoken).toMatchObject({ transport: 'rest', sha256: sha256(pcm) });
      expect(stage.story).toEqual(['rest-fallback']);
      stage.sim.setFaults({ handshake_refuse: null });
      await stage.say('And the next sentence.');
      expect(stage.sim.ledger().utterances.at(-1)).toMatchObject({ transport: 'ws' });
    },
  );

  it('a slow handshake: the first sentence goes by REST, the next has the socket', async () => {
    await using stage = await Stage.open({ socketWaitMs: 50 });
    stage.sim.setFaults({ handshake_delay: { ms: 100 }, rest_status: null });
    const { ends } = await stage.say('First sentence here. Second sentence here, after some time.');
    expect(ends).toBe(1);
    expect(stage.sim.ledger().utterances[0]).toMatchObject({ transport: 'rest' });
    await until(() => stage.sim.ledger().open_sockets === 1);
    await stage.say('Third sentence.');
    expect(stage.sim.ledger()).toMatchObject({ connections_total: 1 });
    expect(stage.sim.ledger().utterances.at(-1)).toMatchObject({ transport: 'ws' });
  });

  it('a handshake that hangs ends with its timeout', async () => {
    await using stage = await Stage.open({ socketWaitMs: 50, connectTimeoutMs: 100 });
    stage.sim.setFaults({ handshake_hang: {} });
    expect((await stage.say(SENTENCE)).ends).toBe(1);
    await until(() => stage.events.some(({ type }) => type === 'connect-failed'));
  });

  it('a pool that is exhausted: REST after a short wait', async () => {
    await using stage = await Stage.open({ pool: { maxConnections: 1 }, socketWaitMs: 30 }, { speed: 1 });
    await stage.tts.prewarm();
    const long = stage.say(SENTENCE);
    await until(() => stage.sim.ledger().totals.utterances === 1);
    const started = performance.now();
    expect((await stage.say('A short one.')).ends).toBe(1);
    expect(performance.now() - started).toBeLessThan(1500);
    expect(stage.sim.ledger().utterances.map(({ transport }) => transport)).toEqual(['ws', 'rest']);
    expect((await long).ends).toBe(1);
  });

  it('a provider that is down: a clear error, no hang', async () => {
    await using stage = await Stage.open();
    await stage.sim.close();
    const started = performance.now();
    expect((await stage.say(SENTENCE)).ends).toBe(0);
    expect(performance.now() - started).toBeLessThan(1500);
    expect(stage.errors).toMatchObject([{ name: 'APIConnectionError', retryable: false }]);
    expect(stage.errors[0]!.message).toMatch(/^Sarvam cannot be reached: .*ECONNREFUSED/u);
  });
});

describe('idle sockets that die', () => {
  it('by a close are dropped at once', async () => {
    await using stage = await Stage.open();
    await stage.tts.prewarm(2);
    stage.sim.setFaults({ idle_close: {} });
    await until(() => stage.events.filter((event) => event.type === 'connection-closed').length === 2);
    expect((await stage.say(SENTENCE)).ends).toBe(1);
    expect(stage.story).toEqual([]);
  });

  it('without our knowing are replaced when they are used, without a retry', async () => {
    await using stage = await Stage.open();
    await stage.tts.prewarm(2);
    const saying = stage.say(SENTENCE);
    // The close and the text cross on the way.
    await wait(0);
    stage.sim.setFaults({ idle_close: { cut: true } });
    expect((await saying).ends).toBe(1);
    expect(stage.story).not.toContain('retry');
    expect(stage.errors).toEqual([]);
  });

  it('while a stream waits for its next sentence, too', async () => {
    await using stage = await Stage.open({}, { idleTimeoutMs: 100 });
    const stream = stage.tts.stream();
    stream.pushText('The first sentence.\n');
    await until(() => stage.sim.ledger().totals.completed === 1);
    await wait(250);
    stream.pushText('The second, much later.');
    stream.endInput();
    let ends = 0;
    for await (const item of stream) if (typeof item === 'symbol') ends += 1;
    expect(ends).toBe(1);
    expect(stage.story).toEqual(['socket-replaced']);
    expect(stage.sim.ledger().totals.completed).toBe(2);
  });
});

it('errors nobody listens to harm nobody', async () => {
  await using stage = await Stage.open();
  const quiet = new TTS({ apiKey: 'wrong', baseUrl: stage.sim.url });
  const stream = quiet.stream();
  stream.pushText(SENTENCE);
  stream.endInput();
  for await (const item of stream) expect(item).toBeUndefined();
  await quiet.close();
  await wait(10);
});
