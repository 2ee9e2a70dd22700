import type { IncomingMessage } from 'node:http';
import { Rejection } from './rejection.ts';

const LARGEST_BODY_BYTES = 20 * 1024 * 1024;

/** The body. Throws `Rejection` with 413 if it is too large. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > LARGEST_BODY_BYTES) {
      throw new Rejection(413, 'PayloadTooLarge', `The body should have at most ${LARGEST_BODY_BYTES} bytes`);
    }
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** A body as JSON. Throws `Rejection` with 400 if it is none. */
export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new Rejection(400, 'BadJsonBody', 'The body should be JSON');
  }
}
