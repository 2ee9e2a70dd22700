import type { KeyPart } from '@warmline/cache-core';
import { canonicalKey, hashKey, hashText } from '@warmline/cache-core';
import type { KeySegment } from './key-parts.ts';
import { segment } from './key-parts.ts';

const SHA256_DIGITS = 64;

/** What else an answer of the knowledge base depends on. */
export interface RagKeyOptions {
  /** Of the knowledge base; a new one is a new key. */
  readonly version?: KeySegment;
  readonly language?: string;
  readonly filters?: KeyPart;
}

/**
 * The keys of what agents cache, as `RedisCache` takes them. Ids that are plain stay readable (`user:1:profile`); others, and all
 * texts of people, are hashed. Whatever the parts are, two different calls never give the same key, nor one inside another's
 * pattern. Each throws a TypeError for a part that is empty or of a wrong type.
 */
export const keys = {
  /** `rag:{agentId}:{hash of the question}:{limit}`; letter case, spaces and Unicode forms of the question do not matter. */
  rag: (agentId: KeySegment, query: string, limit: number, options: RagKeyOptions = {}): string =>
    `rag:${segment('agentId', agentId)}:${questionHash(query, options)}:${segment('limit', limit)}`,

  /** `agent:{agentId}` */
  agent: (agentId: KeySegment): string => `agent:${segment('agentId', agentId)}`,

  /** `context:{taskId}:{turn}` */
  context: (taskId: KeySegment, turn: KeySegment): string =>
    `context:${segment('taskId', taskId)}:${segment('turn', turn)}`,

  /** `prompt:{hash of the context}`: of a text, or of anything JSON-like, whatever the order of its fields. */
  prompt: (context: KeyPart): string => `prompt:${hashText(canonicalKey(context))}`,

  /** `embed:{model}:{sha256 of the text}` */
  embed: (model: string, text: string): string => `embed:${segment('model', model)}:${hashText(text, SHA256_DIGITS)}`,

  /** `tool:{name}:{16 hex digits}`; the order of the parameters does not matter. */
  tool: (name: string, parameters: KeyPart): string => `tool:${segment('name', name)}:${hashKey(parameters)}`,

  /** `user:{userId}:profile` */
  profile: (userId: KeySegment): string => `user:${segment('userId', userId)}:profile`,

  /** `user:{userId}:greeting_instructions` */
  greeting: (userId: KeySegment): string => `user:${segment('userId', userId)}:greeting_instructions`,

  /** `lock:{resource}:{id}`, or `lock:{resource}` */
  lock: (resource: KeySegment, id?: KeySegment): string =>
    `lock:${segment('resource', resource)}${id === undefined ? '' : `:${segment('id', id)}`}`,

  /** `temp:{sessionId}:{key}` */
  temp: (sessionId: KeySegment, key: KeySegment): string =>
    `temp:${segment('sessionId', sessionId)}:${segment('key', key)}`,
} as const;

/** Patterns for `invalidatePattern` that find all keys of one owner, and no others. */
export const keyPatterns = {
  /** `rag:{agentId}:*` */
  rag: (agentId: KeySegment): string => `rag:${segment('agentId', agentId)}:*`,
  /** `context:{taskId}:*` */
  context: (taskId: KeySegment): string => `context:${segment('taskId', taskId)}:*`,
  /** `embed:{model}:*` */
  embed: (model: string): string => `embed:${segment('model', model)}:*`,
  /** `tool:{name}:*` */
  tool: (name: string): string => `tool:${segment('name', name)}:*`,
  /** `user:{userId}:*` */
  user: (userId: KeySegment): string => `user:${segment('userId', userId)}:*`,
  /** `temp:{sessionId}:*` */
  temp: (sessionId: KeySegment): string => `temp:${segment('sessionId', sessionId)}:*`,
} as const;

function questionHash(query: string, { version, language, filters }: RagKeyOptions): string {
  if (typeof query !== 'string') throw new TypeError(`query must be a text, got ${typeof query}`);
  const question = query.normalize('NFC').trim().replace(/\s+/gu, ' ').toLowerCase();
  return hashText(canonicalKey({ question, version, language, filters }));
}
