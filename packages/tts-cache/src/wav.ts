import { replayed } from './speech.ts';
import type { Speech } from './speech.ts';

const HEADER_BYTES = 44;
const PCM_FORMAT_BYTES = 16;
const PCM = 1;
const SAMPLE_BYTES = 2;

/** A phrase as a WAV file, RIFF/WAVE with 16-bit PCM: what is heard when it is replayed. */
export function wavOf(speech: Speech): Uint8Array {
  const { sampleRate, channels } = speech;
  const samples = replayed(speech);
  const file = new Uint8Array(HEADER_BYTES + samples.byteLength);
  const view = new DataView(file.buffer);
  const frameBytes = channels * SAMPLE_BYTES;
  writeName(file, 0, 'RIFF');
  view.setUint32(4, file.byteLength - 8, true);
  writeName(file, 8, 'WAVE');
  writeName(file, 12, 'fmt ');
  view.setUint32(16, PCM_FORMAT_BYTES, true);
  view.setUint16(20, PCM, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * frameBytes, true);
  view.setUint16(32, frameBytes, true);
  view.setUint16(34, SAMPLE_BYTES * 8, true);
  writeName(file, 36, 'data');
  view.setUint32(40, samples.byteLength, true);
  file.set(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength), HEADER_BYTES);
  return file;
}

function writeName(file: Uint8Array, at: number, name: string): void {
  new TextEncoder().encodeInto(name, file.subarray(at));
}
