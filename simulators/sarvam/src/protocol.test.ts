import { describe, expect, it } from 'vitest';
import { TestClient } from './testing/test-client.ts';
import { pause, withSimulator } from './testing/with-simulator.ts';

const LONG = 'This sentence has more than fifty characters, so nobody has to flush it.';

describe('WebSocket protocol', () => {
  it('wants a config before text and flush, but not before a ping', () =>
    withSimulator({}, async (simulator) => {
      for (const message of [{ type: 'text', data: { text: 'x' } }, { type: 'flush' }]) {
        const client = await TestClient.open(simulator);
        client.send({ type: 'ping' });
        client.send(message);
        expect((await client.error())['code']).toBe(422);
        expect(await client.closed()).toBe(1000);
      }
    }));

  it('takes both names of the language, and rates as numbers or text', () =>
    withSimulator({}, async (simulator) => {
      const client = await TestClient.open(simulator);
      client.config({ target_language_code: undefined, language_code: 'ta-IN', speech_sample_rate: '8000' });
      await client.speak('One.');
      client.config({ speech_sample_rate: 16_000 });
      await client.speak('Two.');
      expect(simulator.ledger().utterances.map((u) => [u.language, u.sample_rate])).toEqual([
        ['ta-IN', 8000],
        ['hi-IN', 16_000],
      ]);
    }));

  it('takes the model from the query alone, bulbul:v2 by default', () =>
    withSimulator({}, async (simulator) => {
      const client = await TestClient.open(simulator, { query: 'send_completion_event=True' });
      client.config({ speaker: 'anushka', model: 'bulbul:v3' });
      await client.speak('One.');
      expect(simulator.ledger().utterances[0]).toMatchObject({ model: 'bulbul:v2', sample_rate: 22_050 });
    }));

  it('serves v4-flash at its own path, with any persona of the right shape', () =>
    withSimulator({}, async (simulator) => {
      const query = 'model=bulbul%3Av4-flash&send_completion_event=1';
      const client = await TestClient.open(simulator, { path: '/text-to-speech/ws/v2', query });
      client.config({ speaker: 'somebody_enhi_new_style', pitch: 0.5, loudness: 0.1 });
      await client.speak('One.');
      const wrong = await TestClient.open(simulator, { query });
      wrong.config({ speaker: 'simran_en_customer' });
      expect((await wrong.error())['message']).toContain('/text-to-speech/ws/v2');
    }));

  it('names an unknown model at the first config', () =>
    withSimulator({}, async (simulator) => {
      const client = await TestClient.open(simulator, { query: 'model=bulbul:v4' });
      client.config();
      expect((await client.error())['message']).toContain("400: Model 'bulbul:v4' is not supported");
    }));

  const outOfRange: [string, string, Record<string, unknown>][] = [
    ['bulbul:v2', 'pitch', { speaker: 'anushka', pitch: 0.8 }],
    ['bulbul:v2', 'loudness', { speaker: 'anushka', loudness: 0.2 }],
    ['bulbul:v2', 'pace', { speaker: 'anushka', pace: 3.1 }],
    ['bulbul:v3', 'temperature', { temperature: 0 }],
    ['bulbul:v3', 'temperature', { temperature: 1.1 }],
    ['bulbul:v3', 'min_buffer_size', { min_buffer_size: 29 }],
    ['bulbul:v3', 'max_chunk_length', { max_chunk_length: 501 }],
    ['bulbul:v3', 'output_audio_codec', { output_audio_codec: 'pcm' }],
    ['bulbul:v3', 'output_audio_bitrate', { output_audio_bitrate: '100k' }],
    ['bulbul:v3', 'or-IN', { target_language_code: 'or-IN' }],
    ['bulbul:v3', 'only linear16 and wav', { output_audio_codec: undefined }],
  ];
  it.each(outOfRange)('%s: refuses %s in %j by name', (model, name, overrides) =>
    withSimulator({}, async (simulator) => {
      const client = await TestClient.open(simulator, { query: `model=${model}` });
      client.config(overrides);
      expect((await client.error())['message']).toContain(name);
    }),
  );

  it('ignores what a model does not have', () =>
    withSimulator({}, async (simulator) => {
      const v3 = await TestClient.open(simulator);
      v3.config({ pitch: 9, loudness: 9 });
      await v3.speak('One.');
      const v2 = await TestClient.open(simulator, { query: 'send_completion_event=true' });
      v2.config({ speaker: 'vidya', temperature: 9 });
      await v2.speak('Two.');
      expect(simulator.ledger().totals.completed).toBe(2);
    }));

  it('holds text below min_buffer_size for ever, and speaks from there on without a flush', () =>
    withSimulator({}, async (simulator) => {
      const client = await TestClient.open(simulator);
      client.config();
      client.text('Twenty characters...');
      await pause(30);
      expect(client.frames).toEqual([]);
      expect(simulator.ledger().totals.chars).toBe(0);
      client.text(' and forty more that fill up the buffer.');
      await client.until(() => client.types().includes('audio'));
      expect(client.finalCount()).toBe(0);
      client.flush();
      await client.finals(1);
      expect(simulator.ledger().utterances).toMatchObject([
        { text: 'Twenty characters... and forty more that fill up the buffer.', pieces: 1, complete: true },
      ]);
    }));

  it('splits at max_chunk_length, and the pieces make up one utterance', () =>
    withSimulator({}, async (simulator) => {
      const client = await TestClient.open(simulator);
      client.config({ max_chunk_length: 50 });
      const pcm = await client.speak(`${LONG} ${LONG}`);
      const [utterance] = simulator.ledger().utterances;
      expect(utterance).toMatchObject({ text: `${LONG} ${LONG}`, chars: 145, pieces: 3, bytes: pcm.length });
    }));

  it('flushes held text with the old voice when a config arrives', () =>
    withSimulator({}, async (simulator) => {
      const client = await TestClient.open(simulator);
      client.config({ speaker: 'ritu' });
      client.text('Held.');
      client.config({ speaker: 'shubh' });
      await client.until(() => client.types().includes('audio'));
      expect(simulator.ledger().utterances[0]).toMatchObject({ speaker: 'ritu', text: 'Held.' });
    }));

  it('sends one final per flush, even for an empty one, in order', () =>
    withSimulator({}, async (simulator) => {
      const client = await TestClient.open(simulator);
      client.config();
      client.flush();
      await client.finals(1);
      for (const text of ['One.', 'Two.', 'Three.']) {
        client.text(text);
        client.flush();
      }
      await client.finals(4);
      expect(client.types().join(' ')).toMatch(/^event( audio)+ event( audio)+ event( audio)+ event$/u);
      expect(simulator.ledger().utterances.map((u) => u.text)).toEqual(['One.', 'Two.', 'Three.']);
    }));

  it('sends no final unless it was asked for', () =>
    withSimulator({}, async (simulator) => {
      const client = await TestClient.open(simulator, { query: 'model=bulbul:v3' });
      client.config();
      client.text(LONG);
      client.flush();
      await client.until(() => client.types().includes('audio'));
      await pause(30);
      expect(client.finalCount()).toBe(0);
      expect(simulator.ledger().utterances[0]?.complete).toBe(true);
    }));

  it('refuses a message of more than 2500 characters and keeps the socket', () =>
    withSimulator({}, async (simulator) => {
      const client = await TestClient.open(simulator);
      client.config();
      client.text('x'.repeat(2501));
      expect((await client.error())['message']).toContain('2500');
      await client.speak('😀'.repeat(2500));
      expect(simulator.ledger().totals).toMatchObject({ chars: 5000, code_points: 2500 });
    }));

  it('does not answer a ping', () =>
    withSimulator({}, async (simulator) => {
      const client = await TestClient.open(simulator);
      client.send({ type: 'ping' });
      await pause(30);
      expect(client.frames).toEqual([]);
      expect(simulator.ledger().connections[0]?.pings).toBe(1);
    }));
});
