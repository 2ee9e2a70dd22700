export type { ConvexAccess } from './convex-access.ts';
export { convexAgentSource } from './convex-agent-source.ts';
export type { AgentFunctionNames, ConvexAgentSourceOptions } from './convex-agent-source.ts';
export { convexChangeFeed } from './convex-change-feed.ts';
export type { ConvexChangeFeedOptions, FeedFunctionNames } from './convex-change-feed.ts';
