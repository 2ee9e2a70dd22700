import type { ServerResponse } from 'node:http';
import type { Outcome } from '../backend/outcome.ts';

/** Answers with JSON that is encoded already; returns its length in bytes. */
export function replyText(response: ServerResponse, status: number, json: string): number {
  const length = Buffer.byteLength(json);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': length });
  response.end(json);
  return length;
}

/** Answers with JSON. */
export function replyJson(response: ServerResponse, status: number, body: unknown): number {
  return replyText(response, status, JSON.stringify(body));
}

/** A function's answer as Convex sends it over HTTP. */
export function outcomeJson(outcome: Outcome): string {
  if (outcome.isSuccess) return `{"status":"success","value":${outcome.json},"logLines":[]}`;
  const data = outcome.errorData === undefined ? '' : `,"errorData":${outcome.errorData}`;
  return `{"status":"error","errorMessage":${JSON.stringify(outcome.errorMessage)}${data},"logLines":[]}`;
}
