import type { Rejection } from '../rejection.ts';

/** Built by hand: `JSON.stringify` would scan 22 KB of base64 for characters to escape. */
export function audioFrame(requestId: string, contentType: string, audio: Buffer): string {
  return `{"type":"audio","data":{"request_id":"${requestId}","content_type":"${contentType}","audio":"${audio.toString('base64')}"}}`;
}

/** The event after the last audio of a flush. */
export const FINAL_FRAME = '{"type":"event","data":{"event_type":"final"}}';

/** An error, with whatever `code` the case has, or none. */
export function errorFrame(requestId: string, message: string, code?: number | string): string {
  return JSON.stringify({
    type: 'error',
    data: code === undefined ? { request_id: requestId, message } : { request_id: requestId, message, code },
  });
}

/** A refusal: its status goes into `code`, or in front of the text. */
export function rejectionFrame(requestId: string, rejection: Rejection): string {
  return rejection.coded
    ? errorFrame(requestId, rejection.message, rejection.status)
    : errorFrame(requestId, `${rejection.status}: ${rejection.message}`);
}
