import { expect, test } from 'vitest';
import type { Speech } from './speech.ts';
import { wavOf } from './wav.ts';

function speech(part: Partial<Speech>): Speech {
  const samples = Int16Array.of(1, -2, 3, -32_768, 32_767, 6);
  return { sampleRate: 24_000, channels: 1, samples, playFrom: 0, playTo: 6, words: undefined, ...part };
}

test('a WAV file holds what is replayed, bit for bit', () => {
  const wav = Buffer.from(wavOf(speech({})));
  const names = [0, 8, 12, 36].map((at) => wav.toString('latin1', at, at + 4));
  expect(names).toEqual(['RIFF', 'WAVE', 'fmt ', 'data']);
  expect({
    riffBytes: wav.readUInt32LE(4),
    fmtBytes: wav.readUInt32LE(16),
    format: wav.readUInt16LE(20),
    channels: wav.readUInt16LE(22),
    sampleRate: wav.readUInt32LE(24),
    bytesASecond: wav.readUInt32LE(28),
    bytesAFrame: wav.readUInt16LE(32),
    bitsASample: wav.readUInt16LE(34),
    dataBytes: wav.readUInt32LE(40),
  }).toEqual({
    riffBytes: 48,
    fmtBytes: 16,
    format: 1,
    channels: 1,
    sampleRate: 24_000,
    bytesASecond: 48_000,
    bytesAFrame: 2,
    bitsASample: 16,
    dataBytes: 12,
  });
  const samples = [0, 1, 2, 3, 4, 5].map((index) => wav.readInt16LE(44 + 2 * index));
  expect(samples).toEqual([1, -2, 3, -32_768, 32_767, 6]);
  expect(wav.byteLength).toBe(56);
});

test('with two channels, without the silence that replay skips, from a view of a larger buffer', () => {
  const samples = Int16Array.of(99, 0, 0, 5, 6, 7, 8, 0, 0, 99).subarray(1, 9);
  const wav = Buffer.from(wavOf(speech({ channels: 2, sampleRate: 8000, samples, playFrom: 1, playTo: 3 })));
  expect([wav.readUInt16LE(22), wav.readUInt32LE(28), wav.readUInt16LE(32), wav.readUInt32LE(40)]).toEqual([
    2, 32_000, 4, 8,
  ]);
  expect([...new Int16Array(Uint8Array.from(wav.subarray(44)).buffer)]).toEqual([5, 6, 7, 8]);
});
