import { describe, expect, it } from 'vitest';
import type { Faults, SarvamSimulator } from './index.ts';
import { TestClient } from './testing/test-client.ts';
import { eventually, pause, withSimulator } from './testing/with-simulator.ts';

const TEXT = 'A sentence that takes more than two messages of audio to say, so that faults have room.';

async function ready(simulator: SarvamSimulator, faults: Faults, overrides = {}): Promise<TestClient> {
  simulator.setFaults(faults);
  const client = await TestClient.open(simulator);
  client.config(overrides);
  return client;
}

/** Starts a sentence without waiting for its end. */
function start(client: TestClient): void {
  client.text(TEXT);
  client.flush();
}

describe('handshake faults', () => {
  it.each([403, 429, 503] as const)('refuses with %i as often as asked', (status) =>
    withSimulator({}, async (simulator) => {
      simulator.setFaults({ handshake_refuse: { status, count: 1 } });
      await expect(TestClient.open(simulator)).rejects.toThrow(`Unexpected server response: ${status}`);
      await TestClient.open(simulator);
      expect(simulator.ledger()).toMatchObject({ connections_total: 1, refused: { fault: 1 } });
    }),
  );

  it('delays, and hangs', () =>
    withSimulator({}, async (simulator) => {
      simulator.setFaults({ handshake_delay: { ms: 80 } });
      const before = performance.now();
      await TestClient.open(simulator);
      expect(performance.now() - before).toBeGreaterThan(75);
      simulator.setFaults({ handshake_hang: {} });
      const hung = TestClient.open(simulator).then(
        () => 'open',
        () => 'refused',
      );
      expect(await Promise.race([hung, pause(120).then(() => 'hanging')])).toBe('hanging');
    }));
});

describe('error frames', () => {
  const shapes: [Faults['error_frame'], Record<string, unknown>][] = [
    [{ shape: 'int' }, { message: 'model unavailable', code: 503 }],
    [
      { shape: 'int', status: 429 },
      { message: 'rate limit exceeded', code: 429 },
    ],
    [{ shape: 'text' }, { message: "400: Speaker 'shubh' is not compatible with model bulbul:v4-flash" }],
    [
      { shape: 'digits', message: 'x' },
      { message: 'x', code: '400' },
    ],
    [
      { shape: 'word', message: 'x' },
      { message: 'x', code: 'invalid_request_error' },
    ],
    [
      { shape: 'word', message: 'x', word: 'insufficient_quota_error' },
      { message: 'x', code: 'insufficient_quota_error' },
    ],
  ];
  it.each(shapes)('%j', (fault, expected) =>
    withSimulator({}, async (simulator) => {
      const client = await ready(simulator, { error_frame: { ...fault, count: 1 } });
      start(client);
      const { request_id: _, ...rest } = await client.error();
      expect(rest).toEqual(expected);
      expect(client.types()).toEqual(['error']);
      await client.speak('The next sentence is spoken.');
      expect(client.types()).not.toContain('not-json');
      expect(simulator.ledger().utterances.map((u) => [u.complete, u.faults])).toEqual([
        [false, ['error_frame']],
        [true, []],
      ]);
    }),
  );

  it('after audio, with a close', () =>
    withSimulator({}, async (simulator) => {
      const client = await ready(simulator, { error_frame: { after_chunks: 2, close: 4001 } });
      start(client);
      expect(await client.closed()).toBe(4001);
      expect(client.types()).toEqual(['audio', 'audio', 'error']);
    }));
});

describe('broken ends', () => {
  it.each([1000, 1001, 1011, 4400])('closes with %i before the final', (code) =>
    withSimulator({}, async (simulator) => {
      const client = await ready(simulator, { close: { code, reason: 'because', after_chunks: 1 } });
      start(client);
      expect(await client.closed()).toBe(code);
      expect([client.types(), client.closeReason]).toEqual([['audio'], 'because']);
      expect(simulator.ledger().utterances[0]).toMatchObject({ complete: false, bytes: 16_384 });
    }),
  );

  it('cuts the connection without a close frame', () =>
    withSimulator({}, async (simulator) => {
      const client = await ready(simulator, { cut: { after_chunks: 99 } });
      start(client);
      expect(await client.closed()).toBe(1006);
      expect(client.finalCount()).toBe(0);
      expect(client.audio().length).toBe(simulator.ledger().utterances[0]!.bytes);
    }));

  it('leaves the final out, or sends it twice', () =>
    withSimulator({}, async (simulator) => {
      const client = await ready(simulator, { missing_final: { count: 1 } });
      start(client);
      await eventually(() => simulator.ledger().utterances[0]?.ended_at_ms !== null);
      await pause(20);
      expect(client.finalCount()).toBe(0);
      expect(simulator.ledger().totals.completed).toBe(0);
      simulator.setFaults({ duplicate_final: { count: 1 } });
      start(client);
      await client.finals(2);
      expect(client.types().slice(-2)).toEqual(['event', 'event']);
    }));

  it('truncates the audio but not the final', () =>
    withSimulator({}, async (simulator) => {
      const client = await ready(simulator, { truncate: { fraction: 0.5, count: 1 } }, { temperature: 0.01 });
      const half = await client.speak(TEXT);
      const whole = await client.speak(TEXT);
      expect(half.length / whole.length).toBeCloseTo(0.5, 2);
      expect(half.equals(whole.subarray(0, half.length))).toBe(true);
      expect(simulator.ledger().utterances[0]).toMatchObject({ bytes: half.length, complete: true });
    }));
});

describe('odd frames', () => {
  it('splits inside samples without changing the bytes', () =>
    withSimulator({}, async (simulator) => {
      const client = await ready(simulator, { odd_chunks: { count: 2 } }, { temperature: 0.01 });
      for (const text of [TEXT, 'No.']) {
        const from = client.frames.length;
        const odd = await client.speak(text);
        const sizes = client.frames
          .slice(from, -2)
          .map((frame) => Buffer.from(String(frame.data['audio']), 'base64').length);
        expect(sizes.length).toBeGreaterThan(0);
        expect(sizes[0]! % 2).toBe(1);
        expect(odd.length % 2).toBe(0);
      }
      const even = await client.speak(TEXT);
      expect(simulator.ledger().utterances[0]!.bytes).toBe(even.length);
      expect(client.audio().subarray(0, even.length).equals(even)).toBe(true);
    }));

  it('sends noise, and audio without samples, between the audio', () =>
    withSimulator({}, async (simulator) => {
      const client = await ready(simulator, { non_json_frame: { after_chunks: 1 }, empty_audio: { after_chunks: 2 } });
      const pcm = await client.speak(TEXT);
      expect(client.types().slice(0, 3)).toEqual(['audio', 'not-json', 'audio']);
      expect(client.frames[3]!.data['audio']).toBe('');
      expect(simulator.ledger().utterances[0]!.bytes).toBe(pcm.length);
    }));

  it('sends audio after the final, at once or late, without counting it', () =>
    withSimulator({}, async (simulator) => {
      const client = await ready(simulator, { audio_after_final: { frames: 2, ms: 40 } });
      const pcm = await client.speak('Hi.');
      await client.until(() => client.types().at(-1) === 'audio');
      expect(client.types()).toEqual(['audio', 'event', 'audio', 'audio']);
      expect(simulator.ledger().totals.bytes).toBe(pcm.length);
    }));

  it("sends an utterance's audio at the start of the next", () =>
    withSimulator({}, async (simulator) => {
      const client = await ready(simulator, { late_frames: { count: 1, frames: 1 } });
      await client.speak('Hi.');
      await client.speak('Yes');
      expect(client.types()).toEqual(['audio', 'event', 'audio', 'audio', 'event']);
      const ids = client.frames.map((frame) => frame.data['request_id']);
      expect([ids[2] === ids[0], ids[3] === ids[0]]).toEqual([true, false]);
    }));

  it('sends a WAV header alone, or audio without it', () =>
    withSimulator({}, async (simulator) => {
      const client = await ready(simulator, { wav_header: { mode: 'only', count: 1 } }, { output_audio_codec: 'wav' });
      expect(await client.speak('Hi.')).toHaveLength(44);
      simulator.setFaults({ wav_header: { mode: 'absent', count: 1 } });
      const bare = await client.speak('Hi.');
      expect(simulator.ledger().utterances.map((u) => u.bytes)).toEqual([0, bare.length]);
      expect((await client.speak('Hi.')).toString('latin1', 0, 4)).toBe('RIFF');
    }));
});

describe('delays', () => {
  it('delays the first chunk, and stalls for a while', () =>
    withSimulator({}, async (simulator) => {
      const client = await ready(simulator, { first_chunk_delay: { ms: 60 }, stall: { after_chunks: 1, ms: 90 } });
      const before = performance.now();
      await client.speak(TEXT);
      expect(client.frames[0]!.atMs - before).toBeGreaterThan(55);
      expect(client.frames[1]!.atMs - client.frames[0]!.atMs).toBeGreaterThan(80);
      expect(client.frames[2]!.atMs - client.frames[1]!.atMs).toBeLessThan(85);
    }));

  it('stalls for ever, until the idle close', () =>
    withSimulator({ idleTimeoutMs: 150 }, async (simulator) => {
      const client = await ready(simulator, { stall: { after_chunks: 1 } });
      start(client);
      expect(await client.closed()).toBe(1000);
      expect(client.types()).toEqual(['audio']);
      expect(simulator.ledger().utterances[0]!.complete).toBe(false);
    }));
});

describe('idle close now', () => {
  it('closes the idle sockets and leaves the one that speaks', () =>
    withSimulator({ speed: 0.3 }, async (simulator) => {
      const idle = await TestClient.open(simulator);
      const speaking = await ready(simulator, {});
      start(speaking);
      await speaking.until(() => speaking.types().includes('audio'));
      const response = await fetch(`${simulator.url}/_faults`, {
        method: 'POST',
        body: '{"idle_close":{"code":1001}}',
      });
      expect(await response.json()).toEqual({ active: {}, idle_closed: 1 });
      expect(await idle.closed()).toBe(1001);
      await speaking.finals(1);
      simulator.setFaults({ idle_close: { cut: true } });
      expect(await speaking.closed()).toBe(1006);
    }));
});
