/**
 * How long an error asks its caller to wait, in milliseconds: its own `retryAfterMs`, or the `retry-after` of its `headers`
 * or of its `response`, in seconds (RFC 9110 §10.2.3; the form with a date is not read).
 */
export function retryAfterMs(error: unknown): number {
  const own = wholeOrMore(fieldOf(error, 'retryAfterMs'));
  if (own > 0) return own;
  const headers = fieldOf(error, 'headers') ?? fieldOf(fieldOf(error, 'response'), 'headers');
  return 1000 * wholeOrMore(headerOf(headers, 'retry-after'));
}

function headerOf(headers: unknown, name: string): unknown {
  return headers instanceof Headers ? headers.get(name) : (fieldOf(headers, name) ?? fieldOf(headers, 'Retry-After'));
}

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, field) : undefined;
}

function wholeOrMore(value: unknown): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && number > 0 && number < Number.POSITIVE_INFINITY ? number : 0;
}
