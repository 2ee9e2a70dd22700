import { APIConnectionError, APIStatusError, APITimeoutError } from '@livekit/agents';
import type { APIError } from '@livekit/agents';
import { untilHttpDateMs } from './clock.ts';

const MAX_MESSAGE_LENGTH = 300;
/** A quoted start shorter than this says nothing about a caller. */
const SHORTEST_QUOTE = 12;

/** What went wrong while a sentence was spoken, and whether trying again can help. Its message holds no key and no text. */
export class SpeechFailure extends Error {
  /** `closed`: the socket ended before the utterance did; `dead-socket`: before it began, long after it was opened. */
  readonly kind: 'closed' | 'connect' | 'dead-socket' | 'protocol' | 'status' | 'timeout';
  readonly retryable: boolean;
  readonly status: number | undefined;
  /** What the service asked for in `Retry-After`. */
  readonly retryAfterMs: number | undefined;

  constructor(
    kind: SpeechFailure['kind'],
    message: string,
    detail: {
      retryable?: boolean;
      status?: number | undefined;
      retryAfterMs?: number | undefined;
      cause?: unknown;
    } = {},
  ) {
    super(message, { cause: detail.cause });
    this.name = 'SpeechFailure';
    this.kind = kind;
    this.retryable = detail.retryable ?? true;
    this.status = detail.status;
    this.retryAfterMs = detail.retryAfterMs;
  }

  /** The same without these words, should the service have quoted them. */
  without(...secrets: string[]): SpeechFailure {
    // Cut only afterwards: half a quote would not be recognised.
    const message = secrets.reduce(withoutQuote, this.message).slice(0, MAX_MESSAGE_LENGTH);
    return message === this.message ? this : new SpeechFailure(this.kind, message, this);
  }

  /** As LiveKit's error, never retryable: the retries are over, and another `run()` would find its input consumed. */
  toApiError(): APIError {
    const { message, status } = this;
    const options = { retryable: false };
    if (status !== undefined) return new APIStatusError({ message, options: { ...options, statusCode: status } });
    return this.kind === 'timeout'
      ? new APITimeoutError({ message, options })
      : new APIConnectionError({ message, options });
  }
}

/** What a connect was rejected with, as a failure. Only a closed pool is final. */
export function asFailure(error: unknown): SpeechFailure {
  if (error instanceof SpeechFailure) return error;
  // Node gives an AggregateError without a message when no address of a host answers.
  const { message, code } =
    error instanceof Error ? (error as NodeJS.ErrnoException) : { message: String(error), code: '' };
  return new SpeechFailure('connect', `Sarvam cannot be reached: ${message || code}`, {
    retryable: code !== 'ERR_POOL_CLOSED',
    cause: error,
  });
}

/** A status of the handshake, of REST or of an error frame. `detail` is the service's own text. */
export function statusFailure(status: number | undefined, detail: string, retryAfter?: string | null): SpeechFailure {
  const hopeless = status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 429;
  const advice = status === 401 || status === 403 ? 'Sarvam refused the API key' : 'Sarvam answered';
  return new SpeechFailure('status', `${advice} (${status ?? 'no status'}): ${detail}`, {
    status,
    retryable: !hopeless && !/quota/iu.test(detail),
    retryAfterMs: retryAfterMs(retryAfter),
  });
}

/**
 * The status of an error, which Sarvam writes as a number, as digits, in front of the message, or not at all
 * (`code` may be a word): unknown is worth a retry.
 */
export function errorStatus(code: unknown, message: string): number | undefined {
  if (typeof code === 'number' && Number.isInteger(code)) return code;
  if (typeof code === 'string' && /^\d{3}$/u.test(code)) return Number(code);
  const prefix = /^\s*(\d{3})\s*:/u.exec(message)?.[1];
  return prefix === undefined ? undefined : Number(prefix);
}

/** A text without another, quoted whole or from its start. */
function withoutQuote(text: string, secret: string): string {
  for (let length = secret.length; length >= Math.min(SHORTEST_QUOTE, secret.length); length--) {
    const quote = secret.slice(0, length);
    if (quote !== '' && text.includes(quote)) return text.replaceAll(quote, '[…]');
  }
  return text;
}

/** A close before `final`. 1000 is no exception: Sarvam closes so after an error. 4xxx is the application's own "no". */
export function closeFailure(code: number, reason: string): SpeechFailure {
  const because = reason === '' ? '' : `, ${reason}`;
  return new SpeechFailure('closed', `Sarvam closed the socket before the end of the audio (${code}${because})`, {
    retryable: code < 4000,
  });
}

function retryAfterMs(value: string | null | undefined): number | undefined {
  if (value === undefined || value === null || value.trim() === '') return undefined;
  const seconds = Number(value);
  return Number.isFinite(seconds) ? Math.max(0, seconds * 1000) : untilHttpDateMs(value);
}
