import { randomBytes } from 'node:crypto';
import { ConvexError, convexToJson, jsonToConvex } from 'convex/values';
import type { JSONValue, Value } from 'convex/values';

/** A function's answer as JSON in Convex's encoding. */
export interface Success {
  readonly isSuccess: true;
  readonly json: string;
}

/** A function's error as a client gets it. */
export interface Failure {
  readonly isSuccess: false;
  readonly errorMessage: string;
  /** The data of a `ConvexError` as JSON, `undefined` for any other error. */
  readonly errorData: string | undefined;
  /** What was thrown. */
  readonly cause: unknown;
}

export type Outcome = Success | Failure;

/** The answer, encoded. */
export function success(value: unknown): Success {
  return { isSuccess: true, json: encode(value) };
}

/** The error, encoded. With `redact` a plain error's text stays on the server, as on a production deployment. */
export function failure(error: unknown, redact: boolean): Failure {
  const head = `[Request ID: ${randomBytes(8).toString('hex')}] Server Error`;
  if (isConvexError(error)) {
    const errorData = encode(error.data);
    return { isSuccess: false, errorMessage: `${head}\nUncaught ConvexError: ${errorData}\n`, errorData, cause: error };
  }
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const errorMessage = redact ? head : `${head}\nUncaught ${text}\n`;
  return { isSuccess: false, errorMessage, errorData: undefined, cause: error };
}

/** What a client is told that asked for something which is not there: its text is never redacted. */
export function refusal(message: string): Failure {
  const errorMessage = `[Request ID: ${randomBytes(8).toString('hex')}] Server Error\n${message}`;
  return { isSuccess: false, errorMessage, errorData: undefined, cause: new Error(message) };
}

/** The value of an outcome inside of the server. Throws what the function threw. */
export function valueOf(outcome: Outcome): Value {
  if (outcome.isSuccess) return jsonToConvex(JSON.parse(outcome.json) as JSONValue);
  // A copy: several may have shared the run, and each one's way up rewrites the error's data.
  if (outcome.errorData !== undefined) throw new ConvexError(jsonToConvex(JSON.parse(outcome.errorData) as JSONValue));
  throw outcome.cause;
}

function encode(value: unknown): string {
  return JSON.stringify(convexToJson((value ?? null) as Value));
}

function isConvexError(error: unknown): error is { readonly data: unknown } {
  return typeof error === 'object' && error !== null && Symbol.for('ConvexError') in error;
}
