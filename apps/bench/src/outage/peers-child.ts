import { setTimeout as sleep } from 'node:timers/promises';
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis';
import KeyvRedis from '@keyv/redis';
import { Cacheable } from 'cacheable';
import { Redis } from 'ioredis';
import { LoopLag } from '../hot-path/event-loop.ts';
import { serve } from '../processes/serve.ts';
import { LOADER_MS } from './play.ts';

/** How cold keys were answered by a peer: those who waited longer than the limit are counted, and their wait is the limit. */
export interface PeerRead {
  readonly name: string;
  readonly coldMs: readonly number[];
  readonly failed: number;
  readonly unanswered: number;
}

/** All peers at the same time, which share nothing but their process. */
export interface PeersRead {
  readonly peers: readonly PeerRead[];
  readonly lagMs: number;
}

/** What this process can be asked. */
export interface PeersCalls {
  open(input: { readonly url: string }): Promise<void>;
  read(input: { readonly reads: number; readonly limitMs: number }): Promise<PeersRead>;
  close(input: object): Promise<void>;
}

interface Peer {
  readonly name: string;
  readonly get: (key: string) => Promise<unknown>;
  readonly close: () => Promise<unknown>;
}

const CLOSE_MS = 1_000;
const BREAKER_MS = 2_000;

let peers: readonly Peer[] = [];
let serial = 0;
// Clients of ioredis reject what nobody waits for any more.
process.on('unhandledRejection', () => {});

serve<PeersCalls>({
  open: async ({ url }) => {
    const { hostname: host, port } = new URL(url);
    const at = { host, port: Number(port) };
    peers = [
      byHand(at),
      bentocache('bentocache', at, {}),
      bentocache('bentocache_breaker', at, { l2CircuitBreakerDuration: BREAKER_MS }),
      cacheable(url),
    ];
    await read(1, CLOSE_MS);
  },
  read: ({ reads, limitMs }) => read(reads, limitMs),
  close: async () => {
    const closing = peers;
    peers = [];
    await Promise.race([Promise.allSettled(closing.map((peer) => peer.close())), sleep(CLOSE_MS)]);
  },
});

async function read(reads: number, limitMs: number): Promise<PeersRead> {
  const lag = new LoopLag();
  const found = await lag.during(() => Promise.all(peers.map((peer) => readPeer(peer, reads, limitMs))));
  return { peers: found, lagMs: lag.distribution().max };
}

async function readPeer({ name, get }: Peer, reads: number, limitMs: number): Promise<PeerRead> {
  const coldMs: number[] = [];
  let [failed, unanswered] = [0, 0];
  const readOne = async (): Promise<void> => {
    const startedMs = performance.now();
    const answer = get(`cold ${serial++}`).then(
      (value) => (value === undefined ? 'failed' : 'answered'),
      () => 'failed',
    );
    const outcome = await Promise.race([answer, sleep(limitMs, 'unanswered')]);
    coldMs.push(performance.now() - startedMs);
    if (outcome === 'failed') failed++;
    if (outcome === 'unanswered') unanswered++;
  };
  await Promise.all(Array.from({ length: reads }, readOne));
  return { name, coldMs, failed, unanswered };
}

async function load(key: string): Promise<string> {
  await sleep(LOADER_MS);
  return key;
}

type Address = { readonly host: string; readonly port: number };

/** Cache-aside with ioredis as its README begins: `new Redis()`, `get`, `set … 'EX'`; an error of it is treated as a miss. */
function byHand(address: Address): Peer {
  const redis = new Redis(address);
  redis.on('error', () => {});
  const get = async (key: string): Promise<string> => {
    const found = await redis.get(key).catch(() => null);
    if (found !== null) return found;
    const value = await load(key);
    redis.set(key, value, 'EX', 60).catch(() => {});
    return value;
  };
  return { name: 'ioredis_by_hand', get, close: async () => redis.disconnect() };
}

/** bentocache.dev/docs, "Multi-tier": memory, Redis, and a bus on Redis; "l2CircuitBreakerDuration" is of "Options". */
function bentocache(name: string, connection: Address, options: { readonly l2CircuitBreakerDuration?: number }): Peer {
  const store = bentostore()
    .useL1Layer(memoryDriver({ maxSize: '10mb' }))
    .useL2Layer(redisDriver({ connection }))
    .useBus(redisBusDriver({ connection }));
  const bento = new BentoCache({ default: 'multitier', prefix: name, ...options, stores: { multitier: store } });
  return {
    name,
    get: (key) => bento.getOrSet({ key, factory: () => load(key) }),
    close: () => bento.disconnectAll(),
  };
}

/** cacheable README, "Using a secondary store" and "Get Or Set Memoization Function"; what Redis does is an event. */
function cacheable(url: string): Peer {
  const cache = new Cacheable({ secondary: new KeyvRedis(url) });
  cache.on('error', () => {});
  return { name: 'cacheable', get: (key) => cache.getOrSet(key, () => load(key)), close: () => cache.disconnect() };
}
