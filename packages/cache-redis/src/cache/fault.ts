import { RedisError } from '../errors.ts';

/** Why a call of the cache had no effect or no answer. */
export type RedisCacheFault =
  /** There is no connection; it is being made again. */
  | 'unavailable'
  /** Redis did not answer within `timeoutMs`. Whether a write was made is not known. */
  | 'timeout'
  /** Redis has not answered several times in a row and is left alone for a moment; a deletion is sent, and not waited for. */
  | 'left-out'
  /** More waits to be sent than is kept in memory. */
  | 'busy'
  | 'closed'
  /** Redis has answered with an error, whose first word is the event's `code`, e.g. `OOM`, `READONLY`, `NOPERM`. */
  | 'refused'
  /** What is at the key is no string. */
  | 'wrong-type'
  | 'too-large'
  /** What is at the key is not the JSON, the number or the UTF-8 text that was asked for. */
  | 'corrupt'
  /** The value is not one that JSON or a text can hold. */
  | 'unserialisable'
  /** A key or pattern is no well-formed text, is empty, or is longer than 1,024 bytes. */
  | 'bad-key'
  /** An option of the call is out of its range. */
  | 'bad-argument';

const NO_ANSWER: ReadonlySet<RedisCacheFault> = new Set(['unavailable', 'timeout', 'left-out', 'busy', 'closed']);
/** As servers, Node and TLS name what is wrong. Anything else may be text of a user. */
const CODE = /^[A-Z][A-Z0-9_]{1,47}$/u;

/** A fault on its way to the one place that turns it into a miss and an event. It holds neither key nor value. */
export class CacheFault extends Error {
  readonly fault: RedisCacheFault;
  readonly code: string | undefined;

  constructor(fault: RedisCacheFault, code?: string) {
    super(code === undefined ? fault : `${fault} (${code})`);
    this.fault = fault;
    this.code = code;
  }

  /** Whether the connection is to blame, and not the call. */
  get isNoAnswer(): boolean {
    return NO_ANSWER.has(this.fault);
  }
}

/** What an error of `Link` or `ioredis` means. Its text is left behind: it can repeat arguments of the command. */
export function faultOf(error: unknown): CacheFault {
  if (error instanceof CacheFault) return error;
  const code = codeOf(error);
  if (isReply(error)) return new CacheFault(code === 'WRONGTYPE' ? 'wrong-type' : 'refused', code);
  if (!(error instanceof RedisError)) return new CacheFault('unavailable', code);
  switch (error.code) {
    case 'ERR_REDIS_BUSY':
      return new CacheFault('busy');
    case 'ERR_REDIS_TIMEOUT':
      return new CacheFault('timeout');
    case 'ERR_REDIS_CLOSED':
      return new CacheFault('closed');
    default:
      return new CacheFault('unavailable', code);
  }
}

/** The first code in a chain of causes: `ECONNREFUSED`, `ENOTFOUND`, `WRONGPASS`, … */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const inner = codeOf(error.cause);
  // A code of this package says that there is no answer, and not why.
  if (inner !== undefined || error instanceof RedisError) return inner;
  const code = error.name === 'ReplyError' ? error.message.split(' ', 1)[0] : 'code' in error ? error.code : undefined;
  return typeof code === 'string' && CODE.test(code) ? code : undefined;
}

/** Whether it is what a server has answered, of whatever version of ioredis. */
function isReply(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError';
}
