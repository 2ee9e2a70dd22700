/** What the live service sends in one message: 341 ms at 24 kHz. */
const CHUNK_BYTES = 16_384;

/** Cuts PCM into the service's messages. With `odd`, every border falls inside a sample; the bytes stay the same. */
export function splitAudio(pcm: Buffer, odd = false): Buffer[] {
  const chunks: Buffer[] = [];
  let start = 0;
  while (start < pcm.length) {
    const length = odd && start === 0 ? oddLength(pcm.length) : CHUNK_BYTES;
    chunks.push(pcm.subarray(start, start + length));
    start += length;
  }
  return chunks;
}

/** Short audio is halved, so that it too has a border. */
function oddLength(total: number): number {
  return total > CHUNK_BYTES ? CHUNK_BYTES - 1 : Math.floor(total / 2) | 1;
}
