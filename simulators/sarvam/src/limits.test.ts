import { describe, expect, it } from 'vitest';
import { TestClient } from './testing/test-client.ts';
import { eventually, pause, withSimulator } from './testing/with-simulator.ts';

describe('who gets in', () => {
  it('takes the key as a header of any case or as a subprotocol, which it echoes', () =>
    withSimulator({ apiKeys: ['a', 'b'] }, async (simulator) => {
      await TestClient.open(simulator, { headers: { 'API-Subscription-Key': 'b' } });
      const protocol = 'api-subscription-key.a';
      const client = await TestClient.open(simulator, { headers: {}, protocols: [protocol] });
      expect(client.socket.protocol).toBe(protocol);
    }));

  it('refuses a wrong or missing key with 403', () =>
    withSimulator({}, async (simulator) => {
      const wrong = { headers: { 'api-subscription-key': 'nope' } };
      await expect(TestClient.open(simulator, wrong)).rejects.toThrow('Unexpected server response: 403');
      await expect(TestClient.open(simulator, { headers: {} })).rejects.toThrow('403');
      expect(simulator.ledger().refused).toEqual({ auth: 2, limit: 0, fault: 0 });
    }));

  it('serves nothing at other paths', () =>
    withSimulator({}, async (simulator) => {
      await expect(TestClient.open(simulator, { path: '/speech-to-text/ws' })).rejects.toThrow('404');
    }));

  it('refuses the socket over the account limit with 429, handshakes in progress included', () =>
    withSimulator({ maxConnections: 2, speed: 0.2 }, async (simulator) => {
      const results = await Promise.allSettled([1, 2, 3].map(() => TestClient.open(simulator)));
      expect(results.map((result) => result.status).toSorted()).toEqual(['fulfilled', 'fulfilled', 'rejected']);
      expect(simulator.ledger()).toMatchObject({ open_sockets: 2, peak_sockets: 2, refused: { limit: 1 } });
      for (const result of results) if (result.status === 'fulfilled') result.value.socket.terminate();
      await eventually(() => simulator.ledger().open_sockets === 0);
      await TestClient.open(simulator);
      expect(simulator.ledger()).toMatchObject({ open_sockets: 1, peak_sockets: 2, connections_total: 3 });
    }));
});

describe('idle close', () => {
  it('closes an idle socket, and any message or a ping puts it off', () =>
    withSimulator({ idleTimeoutMs: 400 }, async (simulator) => {
      const idle = await TestClient.open(simulator);
      const pinging = await TestClient.open(simulator);
      for (let round = 0; round < 4; round += 1) {
        await pause(120);
        pinging.send({ type: 'ping' });
      }
      expect(idle.closeCode).toBe(1000);
      expect(pinging.closeCode).toBeUndefined();
      expect(await pinging.closed()).toBe(1000);
    }));

  it.each([true, false])('lets a WebSocket PING count: %s', (wsPingResetsIdle) =>
    withSimulator({ idleTimeoutMs: 400, wsPingResetsIdle }, async (simulator) => {
      const client = await TestClient.open(simulator);
      for (let round = 0; round < 4; round += 1) {
        await pause(120);
        if (client.closeCode === undefined) client.socket.ping();
      }
      expect(client.closeCode === undefined).toBe(wsPingResetsIdle);
    }),
  );

  it('does not cut speech in progress', () =>
    withSimulator({ idleTimeoutMs: 50, speed: 0.2 }, async (simulator) => {
      const client = await TestClient.open(simulator);
      client.config();
      await client.speak('This takes about two hundred milliseconds to speak at a fifth of the delays.');
      expect(simulator.ledger().totals.completed).toBe(1);
    }));
});
