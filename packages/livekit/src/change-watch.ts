import { FeedWatcher } from '@warmline/agent-config';
import type { AgentConfigService, Change, ChangeFeed, WatchEvent, WatchRecord } from '@warmline/agent-config';
import type { Service } from '@warmline/cache-lmdb';
import type { VoiceKnowledgeService } from '@warmline/knowledge';

/** @see Host.watch */
export interface WatchOptions {
  /** Whose entries the feed's agents are. @default none */
  readonly agents?: Pick<AgentConfigService<unknown>, 'applyChange' | 'applyGap' | 'warm'> | undefined;
  /** Whose entries the feed's knowledge bases are. @default none */
  readonly knowledge?: Pick<VoiceKnowledgeService, 'applyChange' | 'applyGap'> | undefined;
  /** How often the way from the source is proven, in ms: one call of a function of the source each. @default 2_000 */
  readonly probeMs?: number;
  readonly onEvent?: (event: WatchEvent) => void;
}

/** Of a process that has no machine to share it with. */
export function recordInMemory(): WatchRecord {
  let written: { readonly position?: bigint } | undefined;
  return {
    read: () => written,
    write: async ({ position }) => {
      written = position === undefined ? {} : { position };
    },
  };
}

/** Carries commits at the source into the caches of a machine, and the agents that were touched back into them. */
export function watchChanges(feed: ChangeFeed, record: WatchRecord, options: WatchOptions): Service {
  const { agents, knowledge, probeMs, onEvent } = options;
  return new FeedWatcher({
    feed,
    record,
    ...(probeMs !== undefined && { probeMs }),
    ...(onEvent && { onEvent }),
    onChanges: async (changes) => {
      await Promise.all(
        changes.map(async (change) => {
          await agents?.applyChange(change);
          await knowledge?.applyChange(change);
        }),
      );
      // Nobody waits for it: the next call finds the new version here instead of fetching it.
      void agents?.warm(changes.filter(isLivingAgent).map(({ id }) => id));
    },
    onGap: async () => {
      await Promise.all([agents?.applyGap(), knowledge?.applyGap()]);
    },
  });
}

function isLivingAgent({ kind, deleted }: Change): boolean {
  return kind === 'agent' && !deleted;
}
