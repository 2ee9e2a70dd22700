import type { Codec } from '@warmline/cache-core';
import type { Speech, TimedText } from './speech.ts';

/**
 * The stored form of a {@link Speech}, little endian:
 *
 *   0 u8 version, 1    4 u32 sample rate    12 u32 playTo      20 u32 timing bytes
 *   1 u8 channels      8 u32 playFrom       16 u32 PCM bytes   24 PCM, then the timings as JSON
 *   2 u8 1 if pinned
 */
const VERSION = 1;
const HEADER_BYTES = 24;
/** What a `Speech` object occupies besides its samples, rounded up. */
const OBJECT_BYTES = 200;
const WORD_BYTES = 80;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Codec of the phrase cache: raw PCM behind a 24-byte header. Decoding copies nothing. */
export const speechCodec: Codec<Speech> = Object.freeze({
  id: 'warmline-speech/1',
  shareable: true,
  sizeOf: (speech: Speech): number =>
    speech.samples.byteLength + OBJECT_BYTES + WORD_BYTES * (speech.words?.length ?? 0),
  encode(speech: Speech): Uint8Array {
    const pcm = new Uint8Array(speech.samples.buffer, speech.samples.byteOffset, speech.samples.byteLength);
    const timings = speech.words === undefined ? new Uint8Array() : encoder.encode(JSON.stringify(speech.words));
    const bytes = new Uint8Array(HEADER_BYTES + pcm.byteLength + timings.byteLength);
    const view = new DataView(bytes.buffer);
    view.setUint8(0, VERSION);
    view.setUint8(1, speech.channels);
    view.setUint8(2, speech.pinned === true ? 1 : 0);
    view.setUint32(4, speech.sampleRate, true);
    view.setUint32(8, speech.playFrom, true);
    view.setUint32(12, speech.playTo, true);
    view.setUint32(16, pcm.byteLength, true);
    view.setUint32(20, timings.byteLength, true);
    bytes.set(pcm, HEADER_BYTES);
    bytes.set(timings, HEADER_BYTES + pcm.byteLength);
    return bytes;
  },
  decode(bytes: Uint8Array): Speech {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (view.getUint8(0) !== VERSION) throw new RangeError(`speech record version ${view.getUint8(0)}`);
    const [channels, sampleRate] = [view.getUint8(1), view.getUint32(4, true)];
    const [playFrom, playTo] = [view.getUint32(8, true), view.getUint32(12, true)];
    const [pcmBytes, timingBytes] = [view.getUint32(16, true), view.getUint32(20, true)];
    const frames = pcmBytes / 2 / channels;
    const whole = HEADER_BYTES + pcmBytes + timingBytes === bytes.byteLength;
    if (!whole || sampleRate === 0 || !Number.isInteger(frames) || playFrom > playTo || playTo > frames) {
      throw new RangeError('speech record with impossible lengths');
    }
    return {
      sampleRate,
      channels,
      samples: samplesAt(bytes, HEADER_BYTES, pcmBytes),
      playFrom,
      playTo,
      words: timingBytes === 0 ? undefined : readWords(bytes.subarray(HEADER_BYTES + pcmBytes)),
      ...(view.getUint8(2) === 1 ? { pinned: true } : {}),
    };
  },
});

function readWords(bytes: Uint8Array): readonly TimedText[] {
  return JSON.parse(decoder.decode(bytes)) as readonly TimedText[];
}

/** 16-bit samples can only be viewed at even addresses; a frame at an odd one is copied. */
function samplesAt(bytes: Uint8Array, offset: number, length: number): Int16Array {
  const start = bytes.byteOffset + offset;
  if (start % 2 === 0) return new Int16Array(bytes.buffer, start, length / 2);
  return new Int16Array(bytes.slice(offset, offset + length).buffer);
}
