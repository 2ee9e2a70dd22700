import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { SarvamSimulator } from './index.ts';
import { eventually, withSimulator } from './testing/with-simulator.ts';

const VALID = { text: 'Hello over REST.', target_language_code: 'en-IN', speaker: 'shubh', model: 'bulbul:v3' };

function post(
  simulator: SarvamSimulator,
  body: unknown,
  path = '/text-to-speech',
  key = 'test-key',
): Promise<Response> {
  return fetch(`${simulator.url}${path}`, {
    method: 'POST',
    headers: { 'api-subscription-key': key, 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

async function audioOf(response: Response): Promise<Buffer> {
  const { audios } = (await response.json()) as { audios: string[] };
  return Buffer.from(audios[0] ?? '', 'base64');
}

describe('POST /text-to-speech', () => {
  it('answers a playable WAV, and raw PCM for linear16', () =>
    withSimulator({}, async (simulator) => {
      const wav = await audioOf(await post(simulator, VALID));
      expect(wav.toString('latin1', 0, 4)).toBe('RIFF');
      expect(wav.readUInt32LE(4)).toBe(wav.length - 8);
      expect(wav.readUInt32LE(40)).toBe(wav.length - 44);
      const raw = await audioOf(await post(simulator, { ...VALID, output_audio_codec: 'linear16' }));
      const { utterances } = simulator.ledger();
      expect(utterances).toMatchObject([
        { transport: 'rest', connection: null, take: 1, complete: true, chars: 16, bytes: wav.length - 44 },
        { take: 2, bytes: raw.length, sha256: createHash('sha256').update(raw).digest('hex') },
      ]);
    }));

  it('takes the rates that only REST has, and more temperature', () =>
    withSimulator({}, async (simulator) => {
      for (const rate of [32_000, 44_100, '48000']) {
        const response = await post(simulator, { ...VALID, speech_sample_rate: rate, temperature: 2 });
        expect(response.status).toBe(200);
      }
      const stream = await post(simulator, { ...VALID, speech_sample_rate: 48_000 }, '/text-to-speech/stream');
      expect(stream.status).toBe(400);
    }));

  const refused: [string, number, string, unknown][] = [
    ['not JSON', 400, 'invalid_request_error', '{'],
    ['no text', 422, 'unprocessable_entity_error', { ...VALID, text: undefined }],
    ['an empty text', 400, 'invalid_request_error', { ...VALID, text: ' ' }],
    ['2501 characters for v3', 400, 'invalid_request_error', { ...VALID, text: 'x'.repeat(2501) }],
    ['1501 characters for v2', 400, 'invalid_request_error', { text: 'x'.repeat(1501), target_language_code: 'en-IN' }],
    ['an unknown model', 400, 'invalid_request_error', { ...VALID, model: 'bulbul:v4' }],
    ['an unknown speaker', 400, 'invalid_request_error', { ...VALID, speaker: 'amelia' }],
    ['a speaker of another model', 400, 'invalid_request_error', { ...VALID, speaker: 'anushka' }],
    ['pace as text', 422, 'unprocessable_entity_error', { ...VALID, pace: '1' }],
    ['a huge body', 413, 'invalid_request_error', { ...VALID, text: 'x'.repeat(300_000) }],
  ];
  it.each(refused)('refuses %s with %i %s', (_, status, code, body) =>
    withSimulator({}, async (simulator) => {
      const response = await post(simulator, body);
      expect(response.status).toBe(status);
      expect(await response.json()).toMatchObject({
        error: { code, message: expect.any(String), request_id: expect.any(String) },
      });
      expect(simulator.ledger().totals.chars).toBe(0);
    }),
  );

  it('refuses a wrong key with 403, never 401', () =>
    withSimulator({}, async (simulator) => {
      const response = await post(simulator, VALID, '/text-to-speech', 'nope');
      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({
        error: { code: 'invalid_api_key_error', message: 'Invalid or missing authentication credentials' },
      });
      expect(simulator.ledger().refused.auth).toBe(1);
    }));

  it('answers the bare body of a beta model', () =>
    withSimulator({ betaAccess: false }, async (simulator) => {
      const response = await post(simulator, { ...VALID, model: 'bulbul:v4-flash', speaker: undefined });
      expect(response.status).toBe(422);
      expect(await response.json()).toEqual({ message: 'This model is currently in beta and not available.' });
    }));

  it('limits requests per minute, with a burst', () =>
    withSimulator({ requestsPerMinute: 3 }, async (simulator) => {
      const statuses: number[] = [];
      for (let round = 0; round < 6; round += 1) statuses.push((await post(simulator, VALID)).status);
      expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
    }));

  it('knows its paths and methods', () =>
    withSimulator({}, async (simulator) => {
      expect((await fetch(`${simulator.url}/text-to-speech`)).status).toBe(405);
      expect((await fetch(`${simulator.url}/nothing`)).status).toBe(404);
    }));

  it('takes its time', () =>
    withSimulator({ speed: 0.5 }, async (simulator) => {
      const start = performance.now();
      const pcm = await audioOf(await post(simulator, { ...VALID, output_audio_codec: 'linear16' }));
      expect(performance.now() - start).toBeGreaterThan(0.5 * (120 + 60 + 0.2 * ((pcm.length - 16_384) / 48)) - 5);
    }));
});

describe('POST /text-to-speech/stream', () => {
  it('streams raw PCM, or a header and PCM, of up to 3500 characters', () =>
    withSimulator({}, async (simulator) => {
      const text = 'x'.repeat(3500);
      const raw = await post(simulator, { ...VALID, text, output_audio_codec: 'linear16' }, '/text-to-speech/stream');
      expect(raw.headers.get('content-type')).toBe('audio/pcm');
      const pcm = Buffer.from(await raw.arrayBuffer());
      const wav = await post(simulator, { ...VALID, output_audio_codec: 'wav' }, '/text-to-speech/stream');
      const wavBytes = Buffer.from(await wav.arrayBuffer());
      expect(wavBytes.toString('latin1', 0, 4)).toBe('RIFF');
      expect(simulator.ledger().utterances).toMatchObject([
        { transport: 'stream', bytes: pcm.length, complete: true },
        { transport: 'stream', bytes: wavBytes.length - 44, complete: true },
      ]);
      const long = { ...VALID, text: `${text}x`, output_audio_codec: 'linear16' };
      expect((await post(simulator, long, '/text-to-speech/stream')).status).toBe(400);
      expect((await post(simulator, VALID, '/text-to-speech/stream')).status).toBe(400);
    }));

  it('stops when the client goes away', () =>
    withSimulator({ speed: 1 }, async (simulator) => {
      const abort = new AbortController();
      const body = JSON.stringify({ ...VALID, text: 'word '.repeat(60), output_audio_codec: 'linear16' });
      const headers = { 'api-subscription-key': 'test-key' };
      const url = `${simulator.url}/text-to-speech/stream`;
      await fetch(url, { method: 'POST', headers, body, signal: abort.signal });
      abort.abort();
      await eventually(() => simulator.ledger().utterances[0]?.ended_at_ms !== null);
      expect(simulator.ledger().utterances[0]).toMatchObject({ complete: false, chars: 300 });
    }));
});
