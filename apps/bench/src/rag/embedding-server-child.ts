import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { serve } from '../processes/serve.ts';
import { sha256Of } from './embedding-part.ts';

/** What the provider of embeddings has counted. */
export interface EmbeddingLedger {
  readonly calls: number;
  /** How often it has embedded each text, and the SHA-256 of the vector it gives for it. */
  readonly texts: readonly (readonly [text: string, times: number, sha256: string])[];
}

/** What the provider can be asked; vectors are asked for over HTTP. */
export interface EmbeddingServerCalls {
  listen(input: { readonly latencyMs: number; readonly dimensions: number }): Promise<{ readonly url: string }>;
  ledger(input: object): EmbeddingLedger;
}

const BYTES_A_WORD = 4;
const request = z.object({ texts: z.array(z.string()) });
const times = new Map<string, number>();
let calls = 0;
let size = 0;

serve<EmbeddingServerCalls>({
  listen: async ({ latencyMs, dimensions }) => {
    size = dimensions;
    const server = createServer((question, answer) => void embed(question, answer, latencyMs));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  },
  ledger: () => ({ calls, texts: [...times].map(([text, count]) => [text, count, sha256Of(vectorOf(text))]) }),
});

async function embed(question: IncomingMessage, answer: ServerResponse, latencyMs: number): Promise<void> {
  const { texts } = request.parse(await json(question));
  calls++;
  for (const text of texts) times.set(text, (times.get(text) ?? 0) + 1);
  await sleep(latencyMs);
  answer.end(JSON.stringify({ vectors: texts.map((text) => [...vectorOf(text)]) }));
}

/** Numbers between -1 and 1 that follow from the text. */
function vectorOf(text: string): Float32Array {
  const digest = createHash('shake256', { outputLength: size * BYTES_A_WORD })
    .update(text)
    .digest();
  return Float32Array.from({ length: size }, (_, index) => digest.readInt32LE(index * BYTES_A_WORD) / 2 ** 31);
}
