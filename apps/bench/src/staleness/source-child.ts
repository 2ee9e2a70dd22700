import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { serve } from '../processes/serve.ts';

/** What the source of truth can be asked by the bench; the caches ask over HTTP (see `Source`). */
export interface SourceCalls {
  listen(input: object): Promise<{ readonly url: string }>;
}

/** Between the look at the version and the answer: time for an invalidation to overtake it. */
const MAX_LATENCY_MS = 4;

const versions = new Map<string, number>();
let newest = 0;

serve<SourceCalls>({
  listen: async () => {
    const server = createServer((request, response) => void answer(request, response));
    server.keepAliveTimeout = 0;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  },
});

async function answer({ method, url = '' }: IncomingMessage, response: ServerResponse): Promise<void> {
  const keys = url.slice(1).split(',');
  if (method === 'POST') {
    newest++;
    for (const key of keys) versions.set(key, newest);
    response.end(String(newest));
    return;
  }
  const version = versions.get(keys[0] ?? '') ?? 0;
  await sleep(Math.random() * MAX_LATENCY_MS);
  response.end(String(version));
}
