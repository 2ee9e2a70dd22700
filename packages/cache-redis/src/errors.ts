/** Why a call of Redis was not made, or did not succeed. */
export type RedisErrorCode =
  /** There is no connection now; it is being made again. */
  | 'ERR_REDIS_UNAVAILABLE'
  /** More is under way to the server than it has answered: it is slow, or hangs. */
  | 'ERR_REDIS_BUSY'
  /** It did not answer in time. */
  | 'ERR_REDIS_TIMEOUT'
  /** The connection was closed by its owner. */
  | 'ERR_REDIS_CLOSED'
  /** The package `ioredis` is not installed. */
  | 'ERR_REDIS_NO_CLIENT'
  /** It is larger than the tier keeps. */
  | 'ERR_REDIS_TOO_LARGE';

/** An error of this package; what Redis itself answers is under `cause`, or reaches the caller as it is. */
export class RedisError extends Error {
  override readonly name = 'RedisError';
  readonly code: RedisErrorCode;

  constructor(code: RedisErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Whether the server has refused a command for this reason, e.g. `OOM`, `READONLY`, `NOSCRIPT`. */
export function isReply(error: unknown, reason: string): boolean {
  return error instanceof Error && error.message.startsWith(`${reason} `);
}

/** An error as callers get it: what Redis has answered as it is, else `ERR_REDIS_UNAVAILABLE`; without the command that failed. */
export function explained(error: unknown): Error {
  // ioredis adds the command with its arguments: values, and at the beginning of a connection the password.
  forgetCommand(error);
  if (error instanceof RedisError || (error instanceof Error && error.name === 'ReplyError')) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new RedisError('ERR_REDIS_UNAVAILABLE', `no answer from Redis: ${message}`, { cause: error });
}

function forgetCommand(error: unknown): void {
  if (!(error instanceof Error)) return;
  Reflect.deleteProperty(error, 'command');
  // That of a cluster holds what its last node has said.
  if ('lastNodeError' in error) forgetCommand(error.lastNodeError);
}
