import { describe, expect, it } from 'vitest';
import { TestClient } from './testing/test-client.ts';
import { withSimulator } from './testing/with-simulator.ts';

/** The live form: `20261004_b746a44a-7109-4ad3-93b9-7eca8deebbb2`. */
const REQUEST_ID = /^\d{8}_[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/u;

describe('frames as seen live', () => {
  it('sends audio and final in the live shapes', () =>
    withSimulator({}, async (simulator) => {
      const client = await TestClient.open(simulator);
      client.config();
      await client.speak('The first sentence of the live trace has seventy-four characters, as this.');
      const [first] = client.frames;
      expect(Object.keys(first!.data)).toEqual(['request_id', 'content_type', 'audio']);
      expect(first!.data['request_id']).toMatch(REQUEST_ID);
      expect(first!.data['content_type']).toBe('audio/pcm');
      expect(String(first!.data['audio'])).toHaveLength(21_848);
      expect(client.frames.at(-1)!.raw).toBe('{"type":"event","data":{"event_type":"final"}}');
    }));

  it('sends a bare 44-byte header first for wav, 60 base64 characters', () =>
    withSimulator({}, async (simulator) => {
      const client = await TestClient.open(simulator);
      client.config({ output_audio_codec: 'wav' });
      await client.speak('A sentence that is long enough for one message of audio.');
      const header = Buffer.from(String(client.frames[0]!.data['audio']), 'base64');
      expect(String(client.frames[0]!.data['audio'])).toHaveLength(60);
      expect(client.frames[0]!.data['content_type']).toBe('audio/wav');
      expect(header.toString('latin1', 0, 4) + header.toString('latin1', 8, 16)).toBe('RIFFWAVEfmt ');
      expect(header.readUInt32LE(24)).toBe(24_000);
      expect(simulator.ledger().utterances[0]!.bytes).toBe(client.audio().length - 44);
    }));

  const malformed = [
    { type: 'convert', data: {} },
    { inputs: ['x'] },
    { type: 'text', data: 'x' },
    { type: 'config', data: { target_language_code: 7 } },
    [],
    'not json',
  ];
  it.each(malformed)('answers %j with the 422 frame and close 1000', (message) =>
    withSimulator({}, async (simulator) => {
      const client = await TestClient.open(simulator);
      client.config();
      client.send(message);
      const { request_id: requestId, ...rest } = await client.error();
      expect(requestId).toMatch(REQUEST_ID);
      expect(rest).toEqual({ message: 'Input parameters has to be a valid dictionary', code: 422 });
      expect(await client.closed()).toBe(1000);
    }),
  );

  const refused: [Record<string, unknown>, Record<string, unknown>][] = [
    [
      { speech_sample_rate: 48_000 },
      { message: 'Speech sample rate can only be 8000, 16000, 22050, 24000 Hz', code: 400 },
    ],
    [{ pace: 2.5 }, { message: '400: For the Bulbul V3 model, pace should be between 0.5 and 2.0' }],
    [{ speaker: 'amelia' }, { message: "400: Speaker 'amelia' is not recognized." }],
    [{ speaker: 'Shubh' }, { message: "400: Speaker 'Shubh' is not recognized." }],
    [{ speaker: 'anushka' }, { message: "400: Speaker 'anushka' is not compatible with model bulbul:v3" }],
    [{ target_language_code: 'ur-IN' }, { message: '400: Please request beta access to ur-IN' }],
  ];
  it.each(refused)('refuses %j and keeps the socket', (overrides, expected) =>
    withSimulator({}, async (simulator) => {
      const client = await TestClient.open(simulator);
      client.config(overrides);
      const { request_id: _, ...rest } = await client.error();
      expect(rest).toEqual(expected);
      client.config();
      await client.speak('The socket is still good.');
    }),
  );

  it('refuses a v3 speaker on v4-flash in the live words', () =>
    withSimulator({}, async (simulator) => {
      const client = await TestClient.open(simulator, {
        path: '/text-to-speech/ws/v2',
        query: 'model=bulbul:v4-flash&send_completion_event=true',
      });
      client.config();
      expect((await client.error())['message']).toBe(
        "400: Speaker 'shubh' is not compatible with model bulbul:v4-flash",
      );
    }));

  it('calls every config malformed without access to the beta model', () =>
    withSimulator({ betaAccess: false }, async (simulator) => {
      const client = await TestClient.open(simulator, {
        path: '/text-to-speech/ws/v2',
        query: 'model=bulbul:v4-flash',
      });
      client.config({ speaker: 'simran_en_customer' });
      expect((await client.error())['code']).toBe(422);
      expect(await client.closed()).toBe(1000);
    }));
});
