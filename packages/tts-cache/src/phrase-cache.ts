import { createCache } from '@warmline/cache-core';
import type { Cache, CacheOptions } from '@warmline/cache-core';
import { speechCodec } from './speech-codec.ts';
import type { Speech } from './speech.ts';

/** Options of {@link createPhraseCache}: those of any cache, with other defaults. */
export type PhraseCacheOptions = Partial<Omit<CacheOptions<Speech>, 'codec'>>;

const HOUR_MS = 3_600_000;
const MIB = 2 ** 20;

/**
 * A cache for spoken sentences. Defaults: name `phrases`; 1 h in the process, 24 h in shared tiers; 64 MiB, or 8 MiB where
 * a shared tier backs it (a call process is short-lived and there are many of them); shared tiers may take 60 ms.
 */
export function createPhraseCache(options: PhraseCacheOptions = {}): Cache<Speech> {
  const shared = (options.tiers?.length ?? 0) > 0;
  return createCache<Speech>({
    name: 'phrases',
    ttl: 24 * HOUR_MS,
    processTtl: HOUR_MS,
    maxBytes: shared ? 8 * MIB : 64 * MIB,
    tierBudgetMs: 60,
    immutable: true,
    ...options,
    codec: speechCodec,
  });
}
