const WAV_HEADER_BYTES = 44;

/** What a header says of a stream whose length is not known yet. */
const UNKNOWN_BYTES = 0xffff_ffff;

/** A RIFF header for PCM16 mono. Without `dataBytes` the lengths are "unknown", as in a live stream. */
export function wavHeader(sampleRate: number, dataBytes?: number): Buffer {
  const header = Buffer.alloc(WAV_HEADER_BYTES);
  header.write('RIFF', 0);
  header.writeUInt32LE(dataBytes === undefined ? UNKNOWN_BYTES : dataBytes + WAV_HEADER_BYTES - 8, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(sampleRate, 24);
  header.writeUInt32LE(sampleRate * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(dataBytes ?? UNKNOWN_BYTES, 40);
  return header;
}
