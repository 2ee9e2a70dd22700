import type { IncomingMessage } from 'node:http';
import { requestUrl } from '../request-url.ts';
import { DEFAULT_MODEL, SOCKET_PATH, SOCKET_PATH_V2 } from '../voice/model-rules.ts';

/** What the upgrade request asked for. */
export interface Handshake {
  readonly path: string;
  /** From the query alone; whether it exists is found out at the first config. */
  readonly model: string;
  readonly wantsFinal: boolean;
}

/** The form in which a browser sends its key, as a subprotocol. */
export const KEY_PROTOCOL = 'api-subscription-key.';

const TRUE = /^(?:true|1)$/iu;

/** Reads an upgrade request; `undefined` if nothing is served at its path. */
export function parseHandshake(request: IncomingMessage): Handshake | undefined {
  const url = requestUrl(request);
  if (url.pathname !== SOCKET_PATH && url.pathname !== SOCKET_PATH_V2) return undefined;
  return {
    path: url.pathname,
    model: url.searchParams.get('model') ?? DEFAULT_MODEL,
    wantsFinal: TRUE.test(url.searchParams.get('send_completion_event') ?? ''),
  };
}

/** The key, from the header or from the offered subprotocols. */
export function keyOf(request: IncomingMessage): string | undefined {
  const header = request.headers['api-subscription-key'];
  if (typeof header === 'string') return header;
  const offered = request.headers['sec-websocket-protocol']?.split(',').map((protocol) => protocol.trim());
  return offered?.find((protocol) => protocol.startsWith(KEY_PROTOCOL))?.slice(KEY_PROTOCOL.length);
}
