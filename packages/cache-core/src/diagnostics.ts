import type { Channel } from 'node:diagnostics_channel';
import { channel } from 'node:diagnostics_channel';
import type { CacheEvent } from './contracts/events.ts';

/** What is published on `node:diagnostics_channel` under the name `warmline:cache`. */
export interface CacheDiagnostics {
  /** Of the cache: `{prefix}:{scope}:{name}`. */
  readonly namespace: string;
  readonly event: CacheEvent;
}

/** The events of every cache of this process; for tracing and metrics that must not touch the code which makes the caches. */
export const cacheChannel: Channel = channel('warmline:cache');
