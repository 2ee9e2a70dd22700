import type { ServerResponse } from 'node:http';
import { errorCodeWord } from '../error-code-word.ts';
import { newRequestId } from '../utterance-record.ts';

/** Answers with JSON. */
export function replyJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

/** Answers with the service's error body. */
export function replyError(
  response: ServerResponse,
  status: number,
  message: string,
  code: string = errorCodeWord(status),
): void {
  replyJson(response, status, { error: { message, code, request_id: newRequestId() } });
}
