import { RedisCache } from '@warmline/cache-redis';
import { LoopLag } from '../hot-path/event-loop.ts';
import { serve } from '../processes/serve.ts';

/** Reads of a server that is not there, one after another. */
export interface ClientReads {
  readonly firstMs: number;
  /** All that came after the first. */
  readonly ms: readonly number[];
  /** How many rejected, and how many brought something. */
  readonly failed: number;
  readonly found: number;
  readonly lagMs: number;
}

/** What this process can be asked. */
export interface ClientCalls {
  open(input: { readonly url: string }): Promise<void>;
  read(input: { readonly reads: number }): Promise<ClientReads>;
  close(input: object): Promise<void>;
}

let cache: RedisCache | undefined;

serve<ClientCalls>({
  open: async ({ url }) => {
    cache = new RedisCache({ url, onEvent: () => {} });
    await cache.set('key', 'value');
  },
  read: async ({ reads }) => {
    const ms: number[] = [];
    let [failed, found] = [0, 0];
    const lag = new LoopLag();
    await lag.during(async () => {
      for (let read = 0; read <= reads; read++) {
        const startedMs = performance.now();
        try {
          if ((await cache?.get(`key ${read}`)) !== undefined) found++;
        } catch {
          failed++;
        }
        ms.push(performance.now() - startedMs);
      }
    });
    const [firstMs = 0, ...rest] = ms;
    return { firstMs, ms: rest, failed, found, lagMs: lag.distribution().max };
  },
  close: async () => cache?.close(),
});
