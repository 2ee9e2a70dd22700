import type { Outcome } from '../backend/outcome.ts';

/** How far a socket's client is: the server and its client must agree on it exactly. */
export interface StateVersion {
  readonly querySet: number;
  readonly identity: number;
  readonly ts: bigint;
}

/** Where every connection starts. */
export const INITIAL_VERSION: StateVersion = { querySet: 0, identity: 0, ts: 0n };

/** A timestamp as it travels: base64 of an unsigned 64 bit integer, low byte first. */
export function encodeTimestamp(ts: bigint): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(ts);
  return bytes.toString('base64');
}

/** The timestamp that was encoded, `undefined` if the text is none. */
export function decodeTimestamp(text: string): bigint | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === 8 ? bytes.readBigUInt64LE() : undefined;
}

/** The whole query set moves from one version to the next. `modifications` are encoded already. */
export function transition(start: StateVersion, end: StateVersion, modifications: readonly string[]): string {
  return `{"type":"Transition","startVersion":${version(start)},"endVersion":${version(end)},"modifications":[${modifications.join(',')}]}`;
}

/** One query's new result or error. */
export function queryChanged(queryId: number, outcome: Outcome): string {
  if (outcome.isSuccess) {
    return `{"type":"QueryUpdated","queryId":${queryId},"value":${outcome.json},"logLines":[],"journal":null}`;
  }
  const { errorMessage, errorData } = outcome;
  return `{"type":"QueryFailed","queryId":${queryId},"errorMessage":${JSON.stringify(errorMessage)}${data(errorData)},"logLines":[],"journal":null}`;
}

/** A query left the set. */
export function queryRemoved(queryId: number): string {
  return `{"type":"QueryRemoved","queryId":${queryId}}`;
}

/** A mutation's answer; its client resolves it when a transition has reached `ts`. */
export function mutationResponse(requestId: number, outcome: Outcome, ts: bigint): string {
  const tail = outcome.isSuccess ? `,"ts":"${encodeTimestamp(ts)}"` : '';
  return `{"type":"MutationResponse","requestId":${requestId},${result(outcome)}${tail},"logLines":[]}`;
}

/** An action's answer. */
export function actionResponse(requestId: number, outcome: Outcome): string {
  return `{"type":"ActionResponse","requestId":${requestId},${result(outcome)},"logLines":[]}`;
}

/** The token of an `Authenticate` was refused. */
export function authError(error: string, baseVersion: number): string {
  return JSON.stringify({ type: 'AuthError', error, baseVersion, authUpdateAttempted: true });
}

/** The client broke the protocol; the socket is closed after it. */
export function fatalError(error: string): string {
  return JSON.stringify({ type: 'FatalError', error });
}

/** Keeps an idle connection known to be alive. */
export const PING = '{"type":"Ping"}';

function version({ querySet, identity, ts }: StateVersion): string {
  return `{"querySet":${querySet},"identity":${identity},"ts":"${encodeTimestamp(ts)}"}`;
}

function result(outcome: Outcome): string {
  if (outcome.isSuccess) return `"success":true,"result":${outcome.json}`;
  return `"success":false,"result":${JSON.stringify(outcome.errorMessage)}${data(outcome.errorData)}`;
}

function data(errorData: string | undefined): string {
  return errorData === undefined ? '' : `,"errorData":${errorData}`;
}
