import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { serve, tell } from '../processes/serve.ts';

/** What the origin answers: no two loads give the same. */
export interface OriginValue {
  readonly key: string;
  readonly serial: string;
}

/** One load, as the origin has seen it. */
export interface OriginLoad {
  readonly pid: number;
  readonly serial: string;
}

/** Told when a load begins. */
export interface LoadBegun {
  readonly key: string;
  readonly pid: number;
}

/** What the origin can be asked; values are asked for over HTTP. */
export interface OriginCalls {
  listen(input: { readonly latencyMs: number }): Promise<{ readonly url: string }>;
  /** Its ledger: all loads of a key, those included whose asker has died. */
  ledger(input: { readonly key: string }): readonly OriginLoad[];
}

const ledger = new Map<string, OriginLoad[]>();

serve<OriginCalls>({
  listen: async ({ latencyMs }) => {
    const server = createServer((request, response) => void answer(request, response, latencyMs));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  },
  ledger: ({ key }) => ledger.get(key) ?? [],
});

async function answer(request: IncomingMessage, response: ServerResponse, latencyMs: number): Promise<void> {
  const { searchParams } = new URL(request.url ?? '', 'http://origin');
  const [key, pid] = [searchParams.get('key') ?? '', Number(searchParams.get('pid'))];
  const serial = randomUUID();
  ledger.set(key, [...(ledger.get(key) ?? []), { pid, serial }]);
  tell({ key, pid } satisfies LoadBegun);
  await sleep(latencyMs);
  response.end(JSON.stringify({ key, serial } satisfies OriginValue));
}
