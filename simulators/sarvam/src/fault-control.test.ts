import { describe, expect, it } from 'vitest';
import type { SarvamSimulator } from './index.ts';
import { TestClient } from './testing/test-client.ts';
import { withSimulator } from './testing/with-simulator.ts';

function faults(simulator: SarvamSimulator, method: string, body?: unknown): Promise<Response> {
  return fetch(`${simulator.url}/_faults`, body === undefined ? { method } : { method, body: JSON.stringify(body) });
}

describe('/_faults', () => {
  it('merges by name, switches off with null, and shows what is active', () =>
    withSimulator({}, async (simulator) => {
      await faults(simulator, 'POST', { missing_final: {}, stall: { ms: 5 } });
      await faults(simulator, 'POST', { stall: { ms: 7, count: 2 }, missing_final: null });
      expect(await (await faults(simulator, 'GET')).json()).toEqual({
        active: { stall: { ms: 7, count: 2, remaining: 2, fired: 0 } },
      });
      expect(await (await faults(simulator, 'DELETE')).json()).toEqual({ active: {} });
    }));

  const refused: [object, string][] = [
    [{ no_such_fault: {} }, "unknown fault 'no_such_fault', use one of handshake_delay, handshake_refuse"],
    [{ close: { code: 1006 } }, "fault 'close': code"],
    [{ stall: { ms: 5, often: true } }, "fault 'stall'"],
    [{ truncate: { fraction: 2 } }, "fault 'truncate': fraction: Too big: expected number to be <1 (received 2)"],
    [{ cut: { probability: 1.5 } }, "fault 'cut': probability"],
  ];
  it.each(refused)('refuses %j and says why, changing nothing', (body, message) =>
    withSimulator({}, async (simulator) => {
      const response = await faults(simulator, 'POST', { missing_final: {}, ...body });
      expect(response.status).toBe(400);
      const { error } = (await response.json()) as { error: { message: string } };
      expect(error.message).toContain(message);
      expect(await (await faults(simulator, 'GET')).json()).toEqual({ active: {} });
      expect(() => simulator.setFaults(body as never)).toThrow(TypeError);
    }),
  );

  it('refuses what is not an object, or not JSON', () =>
    withSimulator({}, async (simulator) => {
      expect((await faults(simulator, 'POST', [])).status).toBe(400);
      expect((await fetch(`${simulator.url}/_faults`, { method: 'POST', body: '{' })).status).toBe(400);
    }));

  it('limits a fault to texts that match, and to a share of them by seed', () =>
    withSimulator({}, async (simulator) => {
      const client = await TestClient.open(simulator);
      client.config();
      simulator.setFaults({ truncate: { fraction: 0.1, match: 'struck' } });
      for (const text of ['spared', 'struck']) await client.speak(text);
      simulator.setFaults({ truncate: null, odd_chunks: { probability: 0.5, seed: 3 } });
      for (let round = 0; round < 100; round += 1) await client.speak('again');
      const struck = simulator.ledger().utterances.map((u) => u.faults.length);
      expect(struck.slice(0, 2)).toEqual([0, 1]);
      const share = struck.slice(2).reduce((sum, one) => sum + one, 0);
      expect(share).toBeGreaterThan(30);
      expect(share).toBeLessThan(70);
    }));

  it('strikes REST with a status, a cut, a stall and a truncation', () =>
    withSimulator({}, async (simulator) => {
      const speak = (signal?: AbortSignal): Promise<Response> =>
        fetch(`${simulator.url}/text-to-speech`, {
          method: 'POST',
          headers: { 'api-subscription-key': 'test-key' },
          body: JSON.stringify({ text: 'Hello.', target_language_code: 'en-IN' }),
          ...(signal && { signal }),
        });
      simulator.setFaults({ rest_status: { status: 503, retry_after: '1', count: 1 } });
      const refusal = await speak();
      expect([refusal.status, refusal.headers.get('retry-after')]).toEqual([503, '1']);
      simulator.setFaults({ cut: { count: 1 } });
      await expect(speak()).rejects.toThrow('fetch failed');
      simulator.setFaults({ stall: { count: 1 } });
      await expect(speak(AbortSignal.timeout(100))).rejects.toThrow('timeout');
      simulator.setFaults({ truncate: { fraction: 0.5, count: 1 } });
      expect((await speak()).status).toBe(200);
      expect((await speak()).status).toBe(200);
      const { utterances, refused: counts } = simulator.ledger();
      expect(utterances.map((u) => u.complete)).toEqual([false, false, true, true]);
      expect(utterances[2]!.bytes / utterances[3]!.bytes).toBeCloseTo(0.5, 2);
      expect(counts.fault).toBe(1);
    }));
});
