export { cachedTts } from './cached-tts.ts';
export type { CachingOptions, ObservingOptions } from './cached-tts.ts';
export { Host, startHost } from './host.ts';
export type { HostOptions } from './host.ts';
export { openWarmline, Warmline } from './warmline.ts';
export type {
  WarmAgentsOptions,
  WarmKnowledgeOptions,
  WarmlineEvent,
  WarmlineOptions,
  WarmTtsOptions,
} from './warmline.ts';
export type { WatchOptions } from './change-watch.ts';
export type { WarmListOptions } from './warmer.ts';
export type { ObservationLogEvent, ObservationLogOptions } from './observe/observation-log.ts';
