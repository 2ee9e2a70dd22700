import type { HitCase } from './hits.ts';

/**
 * Nanoseconds a hit as measured independently with Node 20 on two shared cores (the project's notes on caches, section 4a).
 * A peer that is far off was perhaps set up wrongly here, which would flatter us.
 */
const KNOWN_NS: Readonly<Record<string, Readonly<Record<HitCase['payload'], number>>>> = {
  lru_cache_get: { object: 28, buffer: 21 },
  lru_cache_fetch: { object: 173, buffer: 188 },
  layered_loader: { object: 210, buffer: 274 },
  layered_loader_in_memory_only: { object: 61, buffer: 68 },
  async_cache_dedupe: { object: 932, buffer: 1385 },
  cache_manager: { object: 1281, buffer: 1561 },
  cacheable: { object: 5563, buffer: 35_778 },
  bentocache_unserialized: { object: 5607, buffer: 6950 },
  bentocache: { object: 7016, buffer: 3_136_149 },
};
/** Calls of a failing loader for 1000 callers (section 4b); everybody else calls it once. */
const KNOWN_SERIAL: ReadonlySet<string> = new Set(['bentocache', 'bentocache_unserialized']);
/** Another machine and another Node explain this much. (bentocache 1.6.1 alone: 4.1 us on Node 20, 0.8 us on Node 24, same code.) */
const FAR = 3;

/** Whether a peer is known to run a failing loader once for each caller, one after another. */
export function isSerialOnRejection(name: string): boolean {
  return KNOWN_SERIAL.has(name);
}

/** What is known of a peer's hit, in nanoseconds; undefined for Warmline. */
export function knownHitNs(name: string, payload: HitCase['payload']): number | undefined {
  return KNOWN_NS[name]?.[payload];
}

/** Whether a peer's hit is more than three times off what is known of it. */
export function isSuspectHit(name: string, payload: HitCase['payload'], ns: number): boolean {
  const known = knownHitNs(name, payload);
  return known !== undefined && (ns > known * FAR || ns < known / FAR);
}

/** Whether a peer called its loader more or less often for a crowd than is known. */
export function isSuspectLoads(name: string, kind: 'success' | 'rejection', loads: number, callers: number): boolean {
  if (name.startsWith('warmline')) return false;
  return loads !== (kind === 'rejection' && isSerialOnRejection(name) ? callers : 1);
}
