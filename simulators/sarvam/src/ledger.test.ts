import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Ledger } from './index.ts';
import { TestClient } from './testing/test-client.ts';
import { eventually, withSimulator } from './testing/with-simulator.ts';

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe('ledger', () => {
  it('records what each utterance sent, and its sums agree', () =>
    withSimulator({}, async (simulator) => {
      const sent: Buffer[] = [];
      const texts = ['Hello.', 'How are you? I hope that all is well with you and with your family.', 'नमस्ते 😀'];
      for (const text of texts) {
        const client = await TestClient.open(simulator);
        client.config();
        sent.push(await client.speak(text));
      }
      const ledger = simulator.ledger();
      expect(ledger.utterances.map((u) => u.sha256)).toEqual(sent.map(sha256));
      expect(ledger.utterances.map((u) => u.bytes)).toEqual(sent.map((pcm) => pcm.length));
      expect(ledger.utterances.map((u) => u.chars)).toEqual(texts.map((text) => text.length));
      expect(ledger.utterances.map((u) => u.code_points)).toEqual(texts.map((text) => [...text].length));
      expect(ledger.totals).toEqual({
        utterances: 3,
        completed: 3,
        chars: texts.join('').length,
        code_points: [...texts.join('')].length,
        bytes: Buffer.concat(sent).length,
      });
      expect(ledger.connections.map((c) => c.utterances)).toEqual([1, 1, 1]);
      for (const u of ledger.utterances) {
        expect(u.first_audio_at_ms).toBeGreaterThanOrEqual(u.started_at_ms);
        expect(u.ended_at_ms).toBeGreaterThanOrEqual(u.first_audio_at_ms!);
      }
    }));

  it('counts takes by text and voice over all sockets; a v3 take is new audio, a v2 take is not', () =>
    withSimulator({}, async (simulator) => {
      const hashes: Record<string, Set<string>> = {};
      for (const [model, speaker] of [
        ['bulbul:v3', 'shubh'],
        ['bulbul:v2', 'arya'],
      ] as const) {
        for (let round = 0; round < 3; round += 1) {
          const client = await TestClient.open(simulator, { query: `model=${model}&send_completion_event=true` });
          client.config({ speaker });
          (hashes[model] ??= new Set()).add(sha256(await client.speak('Once more.')));
        }
      }
      expect(simulator.ledger().utterances.map((u) => u.take)).toEqual([1, 2, 3, 1, 2, 3]);
      expect([hashes['bulbul:v3']?.size, hashes['bulbul:v2']?.size]).toEqual([3, 1]);
    }));

  it('bills what had begun when a client hangs up, and nothing that waited', () =>
    withSimulator({ speed: 0.5 }, async (simulator) => {
      const client = await TestClient.open(simulator);
      client.config();
      client.text('This one is being spoken when the caller interrupts, so it is billed.');
      client.flush();
      client.text('This one is still waiting for its turn, so it is not billed at all.');
      client.flush();
      await client.until(() => client.types().includes('audio'));
      client.socket.terminate();
      await eventually(() => simulator.ledger().open_sockets === 0);
      const { utterances, totals, connections } = simulator.ledger();
      expect(utterances).toMatchObject([{ chars: 69, complete: false }]);
      expect(utterances[0]!.ended_at_ms).not.toBeNull();
      expect(utterances[0]!.sha256).toBe(sha256(client.audio()));
      expect(totals).toMatchObject({ utterances: 1, completed: 0, chars: 69 });
      expect(connections[0]!.close_code).toBe(1006);
    }));

  it('is served over HTTP, and a reset clears ledger, takes and faults but keeps open sockets', () =>
    withSimulator({}, async (simulator) => {
      const client = await TestClient.open(simulator);
      client.config();
      await client.speak('Once more.');
      simulator.setFaults({ missing_final: {} });
      const before = (await (await fetch(`${simulator.url}/_ledger`)).json()) as Ledger;
      expect(before).toEqual(simulator.ledger());
      expect((await fetch(`${simulator.url}/_reset`, { method: 'POST' })).status).toBe(200);
      expect(simulator.ledger()).toMatchObject({
        open_sockets: 1,
        peak_sockets: 1,
        connections_total: 1,
        utterances: [],
      });
      await client.speak('Once more.');
      expect(simulator.ledger().utterances).toMatchObject([{ id: 'u2', take: 1, faults: [] }]);
      expect(simulator.ledger().connections).toMatchObject([{ id: 'c1', utterances: 1 }]);
    }));

  it('reports health', () =>
    withSimulator({}, async (simulator) => {
      await TestClient.open(simulator);
      const health = await (await fetch(`${simulator.url}/_health`)).json();
      expect(health).toMatchObject({ status: 'ok', open_sockets: 1 });
    }));
});
