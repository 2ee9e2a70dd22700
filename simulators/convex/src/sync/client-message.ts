import { z } from 'zod';
import { describeIssues } from '../describe-issues.ts';

/** A client's credentials. */
export interface Authenticate {
  readonly type: 'Authenticate';
  readonly tokenType: 'None' | 'User' | 'Admin';
  readonly value?: string | undefined;
  readonly baseVersion: number;
  readonly impersonating?: Readonly<Record<string, z.core.util.JSONType>> | undefined;
}

/** A change of the set of queries a client is subscribed to. */
export interface ModifyQuerySet {
  readonly type: 'ModifyQuerySet';
  readonly baseVersion: number;
  readonly newVersion: number;
  readonly modifications: readonly (AddQuery | { readonly type: 'Remove'; readonly queryId: number })[];
}

interface AddQuery {
  readonly type: 'Add';
  readonly queryId: number;
  readonly udfPath: string;
  readonly args: readonly unknown[];
}

/** A call of a mutation or an action. */
export interface FunctionRequest {
  readonly type: 'Mutation' | 'Action';
  readonly requestId: number;
  readonly udfPath: string;
  readonly args: readonly unknown[];
}

/** What a sync client sends. A connection begins with `Connect`; an `Event` is the client's telemetry. */
export type ClientMessage = Authenticate | ModifyQuerySet | FunctionRequest | { readonly type: 'Connect' | 'Event' };

const id = z.number().int().min(0);
const args = z.array(z.unknown());

const schema: z.ZodType<ClientMessage> = z.discriminatedUnion('type', [
  z.object({ type: z.literal(['Connect', 'Event']) }),
  z.object({
    type: z.literal('Authenticate'),
    tokenType: z.enum(['None', 'User', 'Admin']),
    value: z.string().optional(),
    baseVersion: id,
    impersonating: z.record(z.string(), z.json()).optional(),
  }),
  z.object({
    type: z.literal('ModifyQuerySet'),
    baseVersion: id,
    newVersion: id,
    modifications: z.array(
      z.discriminatedUnion('type', [
        z.object({ type: z.literal('Add'), queryId: id, udfPath: z.string(), args }),
        z.object({ type: z.literal('Remove'), queryId: id }),
      ]),
    ),
  }),
  z.object({ type: z.literal(['Mutation', 'Action']), requestId: id, udfPath: z.string(), args }),
]);

/** Reads a frame. Throws `TypeError` that says what is wrong with it, without its content. */
export function parseClientMessage(text: string): ClientMessage {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new TypeError('The message is not JSON', { cause: error });
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  throw new TypeError(`Bad message: ${describeIssues(result.error)}`);
}
