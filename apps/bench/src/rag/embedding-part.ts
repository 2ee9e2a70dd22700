import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Embedder } from '@warmline/knowledge';
import { monotonicMs } from '../processes/monotonic.ts';

/** @see embedAll */
export interface EmbeddingPart {
  /** Calls of the embedder, each with its texts. */
  readonly calls: readonly (readonly string[])[];
  readonly startAtMs: number;
  /** Sabotage: one bit of one vector is another. */
  readonly wrongVector: boolean;
}

/** What became of it. */
export interface EmbeddingPartAnswer {
  /** Of each text, its vector's SHA-256, as often as it was asked for. */
  readonly vectors: readonly (readonly [text: string, sha256: string])[];
  readonly waitsMs: readonly number[];
  /** Calls of the host tier that took longer than its budget, and vectors that it therefore was not given. */
  readonly late: number;
}

/** All calls at once. */
export async function embedAll(embedder: Embedder, part: EmbeddingPart): Promise<Omit<EmbeddingPartAnswer, 'late'>> {
  const { signal } = new AbortController();
  await sleep(Math.max(0, part.startAtMs - monotonicMs()));
  const answers = await Promise.all(
    part.calls.map(async (texts) => {
      const startedMs = monotonicMs();
      const vectors = await embedder.embed(texts, signal);
      return { texts, vectors, waitMs: monotonicMs() - startedMs };
    }),
  );
  const vectors = answers.flatMap(({ texts, vectors: found }) =>
    texts.map((text, index) => [text, sha256Of(Float32Array.from(found[index] ?? []))] as const),
  );
  if (part.wrongVector && vectors[0] !== undefined) vectors[0] = [vectors[0][0], sha256Of(new Float32Array(1))];
  return { vectors, waitsMs: answers.map(({ waitMs }) => waitMs) };
}

/** Of the bits of a vector. */
export function sha256Of(vector: Float32Array): string {
  return createHash('sha256')
    .update(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength))
    .digest('hex');
}
