import type { IncomingMessage } from 'node:http';

/** Where a request goes. A target that is no URL goes to `/`, where nothing is served. */
export function requestUrl(request: IncomingMessage): URL {
  return URL.parse(request.url ?? '/', 'http://localhost') ?? new URL('http://localhost/');
}
