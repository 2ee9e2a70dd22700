import type { RawData } from 'ws';
import { z } from 'zod';
import { invalidDictionary } from '../rejection.ts';

/** The whole vocabulary of a client. */
export type ClientMessage =
  | { readonly type: 'config'; readonly data: Record<string, unknown> }
  | { readonly type: 'text'; readonly data: { readonly text: string } }
  | { readonly type: 'flush' }
  | { readonly type: 'ping' };

const schema: z.ZodType<ClientMessage> = z.discriminatedUnion('type', [
  z.object({ type: z.literal('config'), data: z.record(z.string(), z.unknown()) }),
  z.object({ type: z.literal('text'), data: z.object({ text: z.string() }) }),
  z.object({ type: z.literal('flush') }),
  z.object({ type: z.literal('ping') }),
]);

/** Reads a frame. Throws the service's one `Rejection` for everything it does not understand, binary frames included. */
export function parseClientMessage(data: RawData, isBinary: boolean): ClientMessage {
  const result = isBinary || !Buffer.isBuffer(data) ? undefined : schema.safeParse(parseJson(data.toString('utf8')));
  if (result?.success !== true) throw invalidDictionary();
  return result.data;
}

function parseJson(raw: string): unknown {
  try {
    return JSON.parse(raw);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
