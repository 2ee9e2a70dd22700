import type { IncomingMessage } from 'node:http';
import { Rejection } from '../rejection.ts';

const LARGEST_BODY_BYTES = 256 * 1024;

/** The body as JSON. Throws `Rejection`: 413 if it is too large, 400 if it is not JSON. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > LARGEST_BODY_BYTES) {
      throw new Rejection(413, `Body should have at most ${LARGEST_BODY_BYTES} bytes`);
    }
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'));
  } catch (error) {
    throw new Rejection(400, `Body should be JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}
