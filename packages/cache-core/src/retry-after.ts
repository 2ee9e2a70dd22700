const NAME = 'retry-after';
/** A source that asks for more is not believed: a key must not be lost for a day by one broken header. */
const MAX_MS = 15 * 60_000;
const TITLE = 'Retry-After';

/**
 * How long an error asks its caller to wait, in milliseconds: its own `retryAfterMs`, or the `retry-after` of its `headers`
 * or of its `response`, in seconds (RFC 9110 §10.2.3; the form with a date is not read).
 */
export function retryAfterMs(error: unknown): number {
  return Math.min(MAX_MS, askedMs(error));
}

function askedMs(error: unknown): number {
  const own = fieldOf(error, 'retryAfterMs');
  if (typeof own === 'number' && own > 0 && own < Number.POSITIVE_INFINITY) return own;
  const headers = fieldOf(error, 'headers') ?? fieldOf(fieldOf(error, 'response'), 'headers');
  const seconds = headers instanceof Headers ? headers.get(NAME) : (fieldOf(headers, NAME) ?? fieldOf(headers, TITLE));
  return /^\d{1,9}(\.\d+)?$/u.test(String(seconds)) ? 1000 * Number(seconds) : 0;
}

/** An error may be anything, also an object whose fields throw. */
function fieldOf(value: unknown, field: string): unknown {
  try {
    return typeof value === 'object' && value !== null ? Reflect.get(value, field) : undefined;
  } catch {
    return undefined;
  }
}
