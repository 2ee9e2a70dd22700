import { AsyncLocalStorage } from 'node:async_hooks';
import type { CacheEvent, SharedTier } from '@warmline/cache-core';
import type { HostTier } from '@warmline/cache-lmdb';
import { CachedEmbedder, VoiceKnowledgeService } from '@warmline/knowledge';
import type { Embedder, KnowledgeQuery, KnowledgeSource } from '@warmline/knowledge';
import type { Warmline } from '@warmline/livekit';
import type { Asker } from './asker.ts';

/** Faults that the scenario's checks must notice. */
export const RAG_SABOTAGES = [
  'no-lease',
  'no-watch',
  'clear-all',
  'loose-key',
  'shared-org',
  'wrong-passages',
  'wrong-vector',
  'no-tier',
] as const;

/** A process's knowledge service; as a user has it when `sabotage` is undefined. */
export function knowledgeOf(warmline: Warmline, source: KnowledgeSource, sabotage: string | undefined): Asker {
  if (sabotage === 'no-lease') return new VoiceKnowledgeService({ source, ...withoutLeases(warmline) });
  return sabotage === 'shared-org' ? withoutOrganization(warmline, source) : warmline.knowledge({ source });
}

/** A process's embedder. */
export function embedderOf(
  warmline: Warmline,
  embedder: Embedder,
  sabotage: string | undefined,
  onEvent: (event: CacheEvent) => void,
): CachedEmbedder {
  const { scope, host } = warmline;
  const tiers = host === undefined || sabotage === 'no-tier' ? [] : [host];
  return new CachedEmbedder({ embedder, scope, tiers, onEvent });
}

/** What takes changes into account; every change empties everything when sabotaged. */
export function listenerOf(
  knowledge: VoiceKnowledgeService,
  sabotage: string | undefined,
): Pick<VoiceKnowledgeService, 'applyChange' | 'applyGap'> {
  if (sabotage !== 'clear-all') return knowledge;
  return {
    applyChange: async () => void (await knowledge.invalidateAllCaches()),
    applyGap: () => knowledge.applyGap(),
  };
}

/** A question without its numbers. */
export function withoutNumbers(query: KnowledgeQuery): KnowledgeQuery {
  return { ...query, text: query.text.replaceAll(/\p{N}+/gu, '') };
}

/** A service whose keys do not tell organisations apart; it searches for the first that asks. */
function withoutOrganization(warmline: Warmline, source: KnowledgeSource): Asker {
  const asking = new AsyncLocalStorage<string>();
  const service = warmline.knowledge({
    source: {
      search: (query: KnowledgeQuery, signal: AbortSignal) =>
        source.search({ ...query, organizationId: asking.getStore() ?? query.organizationId }, signal),
    },
  });
  return {
    search: (query) =>
      asking.run(query.organizationId, () => service.search({ ...query, organizationId: 'everybody' })),
    close: () => service.close(),
  };
}

function withoutLeases({ scope, host }: Warmline): { readonly scope: string; readonly tiers: readonly SharedTier[] } {
  return { scope, tiers: host === undefined ? [] : [withoutLease(host)] };
}

/** A machine on which nobody learns that somebody else is loading. */
function withoutLease(tier: HostTier): SharedTier {
  return {
    name: tier.name,
    journal: tier.journal,
    origin: tier.origin,
    now: () => tier.now(),
    read: (entries) => tier.read(entries),
    begin: (entry, options) => tier.begin(entry, { ...options, leaseMs: 0 }),
    beginMany: (entries, options) => tier.beginMany(entries, { ...options, leaseMs: 0 }),
    write: (entry, frame, options) => tier.write(entry, frame, options),
    invalidate: (invalidation) => tier.invalidate(invalidation),
    outbox: tier.outbox,
    close: () => tier.close(),
  };
}
