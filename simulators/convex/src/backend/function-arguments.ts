import { jsonToConvex } from 'convex/values';
import type { JSONValue, Value } from 'convex/values';

/**
 * The arguments object from what a client sent: the object, or an array of it. Throws `TypeError` if there is no object
 * in it, or if a value's encoding is wrong.
 */
export function parseArguments(sent: unknown): Record<string, Value> {
  const encoded: unknown = Array.isArray(sent) ? (sent.length === 0 ? {} : sent[0]) : sent;
  if (typeof encoded !== 'object' || encoded === null || Array.isArray(encoded)) {
    throw new TypeError('args should be an object, or an array of one object');
  }
  try {
    return jsonToConvex(encoded as JSONValue) as Record<string, Value>;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TypeError(`args should be in Convex's encoding: ${reason}`, { cause: error });
  }
}
