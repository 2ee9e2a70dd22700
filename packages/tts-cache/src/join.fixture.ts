/** Several pieces of audio as one. */
export function join(parts: readonly Int16Array[]): Int16Array {
  const samples = new Int16Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    samples.set(part, at);
    at += part.length;
  }
  return samples;
}
