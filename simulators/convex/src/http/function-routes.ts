import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { unknownFunction } from '../backend/backend.ts';
import type { Backend } from '../backend/backend.ts';
import type { FunctionCall } from '../backend/engine.ts';
import { BadCredentials, callerOfHeader } from '../backend/caller.ts';
import type { Caller } from '../backend/caller.ts';
import { parseArguments } from '../backend/function-arguments.ts';
import type { Outcome } from '../backend/outcome.ts';
import { refusal } from '../backend/outcome.ts';
import { describeIssues } from '../describe-issues.ts';
import { canonicalPath } from '../functions/function-table.ts';
import type { FunctionKind } from '../functions/function-table.ts';
import { decodeTimestamp } from '../sync/frames.ts';
import { parseJson } from './read-body.ts';
import { Rejection } from './rejection.ts';

/** A call of a function that came over HTTP. `kind` is `undefined` where the endpoint takes any. */
export interface FunctionRequest {
  readonly kind: FunctionKind | undefined;
  readonly call: FunctionCall;
}

const KIND_BY_ENDPOINT: Readonly<Record<string, FunctionKind | undefined>> = {
  '/api/query': 'query',
  '/api/query_at_ts': 'query',
  '/api/mutation': 'mutation',
  '/api/action': 'action',
  '/api/function': undefined,
};
const OLDEST_SNAPSHOT_NS = 30_000_000_000n;

const schema = z.object({
  path: z.string(),
  args: z.union([z.array(z.unknown()), z.record(z.string(), z.unknown())]).default({}),
  format: z.string().optional(),
  ts: z.string().optional(),
});

/** The function that a request asks for, `undefined` if its endpoint is none. Throws `Rejection`. */
export function functionRequest(
  request: IncomingMessage,
  url: URL,
  body: Buffer,
  { backend, deployKey }: { readonly backend: Backend; readonly deployKey: string },
): FunctionRequest | undefined {
  const { pathname } = url;
  const isGet = request.method === 'GET' && pathname === '/api/query';
  const isRun = request.method === 'POST' && pathname.startsWith('/api/run/');
  const isCall = request.method === 'POST' && Object.hasOwn(KIND_BY_ENDPOINT, pathname);
  if (!isGet && !isRun && !isCall) return undefined;
  const caller = authenticate(request, deployKey);
  const sent = parse(isGet ? fromQuery(url) : parseJson(body), isRun ? pathOfRun(pathname) : undefined);
  if (pathname === '/api/query_at_ts') expectTimestamp(sent.ts, backend);
  const call = { path: canonicalPath(sent.path), args: argumentsOf(sent.args), caller };
  return { kind: KIND_BY_ENDPOINT[pathname], call };
}

/** Calls it. */
export async function runRequest(backend: Backend, { kind, call }: FunctionRequest): Promise<Outcome> {
  switch (kind ?? backend.kindOf(call.path, call.caller)) {
    case 'query':
      return await backend.query(call);
    case 'mutation':
      return (await backend.mutation(call)).outcome;
    case 'action':
      return await backend.action(call);
    case undefined:
      return refusal(unknownFunction(call.path));
  }
}

/** Who asks. Throws `Rejection` with 401. */
export function authenticate(request: IncomingMessage, deployKey: string): Caller {
  try {
    return callerOfHeader(request.headers.authorization, deployKey);
  } catch (error) {
    if (error instanceof BadCredentials) throw new Rejection(401, 'Unauthenticated', error.message);
    throw error;
  }
}

function fromQuery({ searchParams }: URL): unknown {
  return { path: searchParams.get('path'), args: parseJson(Buffer.from(searchParams.get('args') ?? '{}')) };
}

function pathOfRun(pathname: string): string {
  const [...parts] = decodeURIComponent(pathname).slice('/api/run/'.length).split('/');
  const name = parts.pop() ?? '';
  return parts.length === 0 ? name : `${parts.join('/')}:${name}`;
}

function parse(sent: unknown, path: string | undefined): z.infer<typeof schema> {
  const isObject = typeof sent === 'object' && sent !== null && !Array.isArray(sent);
  const result = schema.safeParse(isObject && path !== undefined ? { ...sent, path } : sent);
  if (result.success) return result.data;
  throw new Rejection(400, 'BadRequest', describeIssues(result.error));
}

function argumentsOf(args: unknown): FunctionCall['args'] {
  try {
    return parseArguments(args);
  } catch (error) {
    if (error instanceof TypeError) throw new Rejection(400, 'InvalidArguments', error.message);
    throw error;
  }
}

function expectTimestamp(text: string | undefined, { clock }: Backend): void {
  const ts = decodeTimestamp(text ?? '');
  if (ts !== undefined && ts <= clock.current && ts > clock.current - OLDEST_SNAPSHOT_NS) return;
  throw new Rejection(400, 'InvalidTimestamp', 'ts should be one that /api/query_ts gave in the last 30 s');
}
