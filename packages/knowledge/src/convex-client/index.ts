export { convexKnowledgeSource } from './convex-knowledge-source.ts';
export type { ConvexKnowledgeOptions } from './convex-knowledge-source.ts';
export type { ConvexPassage } from './convex-passage.ts';
