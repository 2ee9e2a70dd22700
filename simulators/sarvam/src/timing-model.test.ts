import { describe, expect, it } from 'vitest';
import { TestClient } from './testing/test-client.ts';
import { withSimulator } from './testing/with-simulator.ts';
import { TimingModel } from './timing-model.ts';

const draws = (draw: () => number): number[] => Array.from({ length: 2000 }, draw);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('timing model', () => {
  it('draws from the ranges of the live trace', () => {
    const timing = new TimingModel(1, 1);
    const handshakes = draws(() => timing.handshakeMs());
    expect(Math.min(...handshakes)).toBeGreaterThanOrEqual(120);
    expect(Math.max(...handshakes)).toBeLessThan(210);
    const firsts = draws(() => timing.firstChunkMs());
    expect(Math.min(...firsts)).toBeGreaterThanOrEqual(60);
    expect(mean(firsts)).toBeGreaterThan(126);
    expect(mean(firsts)).toBeLessThan(134);
    const factors = draws(() => timing.realTimeFactor());
    expect(Math.min(...factors)).toBeGreaterThanOrEqual(0.2);
    expect(Math.max(...factors)).toBeLessThan(0.25);
  });

  it('repeats itself for a seed, and scales with speed', () => {
    const first = new TimingModel(7, 1).firstChunkMs();
    expect(new TimingModel(7, 1).firstChunkMs()).toBe(first);
    expect(new TimingModel(7, 0.5).firstChunkMs()).toBeCloseTo(first / 2);
    expect(new TimingModel(8, 1).firstChunkMs()).not.toBe(first);
    expect(new TimingModel(7, 0).handshakeMs()).toBe(0);
  });

  it('synthesises at a fixed factor where one is given, still scaled with speed', () => {
    const timing = new TimingModel(1, 0.5, 0.02);
    expect([timing.realTimeFactor(), timing.realTimeFactor()]).toEqual([0.01, 0.01]);
    expect(timing.firstChunkMs()).toBeGreaterThanOrEqual(30);
  });

  it('holds on the wire: handshake, first audio, pace', () =>
    withSimulator({ speed: 1 }, async (simulator) => {
      const start = performance.now();
      const client = await TestClient.open(simulator);
      const opened = performance.now();
      client.config();
      const pcm = await client.speak('A sentence of some forty-odd characters, spoken.');
      const audio = client.frames.filter((frame) => frame.type === 'audio');
      const firstMs = audio[0]!.atMs - opened;
      const restMs = client.frames.at(-1)!.atMs - audio[0]!.atMs;
      const restAudioMs = (pcm.length - 16_384) / 48;
      // Upper bounds are wide: other tests run beside this one.
      expect(opened - start).toBeGreaterThan(115);
      expect(opened - start).toBeLessThan(1000);
      expect(firstMs).toBeGreaterThan(55);
      expect(firstMs).toBeLessThan(1000);
      expect(restMs / restAudioMs).toBeGreaterThan(0.12);
      expect(restMs / restAudioMs).toBeLessThan(0.7);
    }));

  it('starts warm sockets without the handshake, and a second piece without a second first wait', () =>
    withSimulator({ speed: 1 }, async (simulator) => {
      const client = await TestClient.open(simulator);
      client.config({ max_chunk_length: 50 });
      await client.speak('One short sentence of fifty characters, give or take. And a second one.');
      const [utterance] = simulator.ledger().utterances;
      expect(utterance!.pieces).toBe(2);
      const gaps = client.frames.slice(1, -1).map((frame, at) => frame.atMs - client.frames[at]!.atMs);
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0);
      expect(gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)]).toBeLessThan(120);
    }));
});
