import { createHmac } from 'node:crypto';
import type { Observation } from '@warmline/tts-cache';

/** An observation at rest: `key` tells equal sentences in equal voices, and nothing else. Text only where it was asked for. */
export type LoggedObservation = Omit<Observation, 'text'> & { readonly text?: string };

/** First line of every log file. */
export interface LogHeader {
  readonly warmline: 'observations';
  readonly version: 1;
  /** Equal where the keys can be compared. It does not give the secret away. */
  readonly secretId: string;
}

/** 128 bits in hexadecimal digits. */
const KEY_DIGITS = 32;
const SECRET_ID_DIGITS = 16;

/** A plain hash would let anybody with a list of likely sentences find out which were said. */
export function toLogged({ text, ...rest }: Observation, secret: Uint8Array, keepText: boolean): LoggedObservation {
  return { ...rest, key: hmac(secret, `key:${rest.key}`).slice(0, KEY_DIGITS), ...(keepText && { text }) };
}

export function headerOf(secret: Uint8Array): LogHeader {
  return { warmline: 'observations', version: 1, secretId: hmac(secret, 'secret').slice(0, SECRET_ID_DIGITS) };
}

/** One observation a line; milliseconds are whole, for short lines. */
export function toLine(value: LoggedObservation | LogHeader): string {
  const round = (_name: string, field: unknown): unknown => (typeof field === 'number' ? Math.round(field) : field);
  return `${JSON.stringify(value, round)}\n`;
}

/** @returns `undefined` for a line that is neither: a process that was killed leaves half a line. */
export function fromLine(line: string): LoggedObservation | LogHeader | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isHeader(value) || isLogged(value) ? value : undefined;
  } catch {
    // Not JSON: reported with the number of lines that could not be read.
    return undefined;
  }
}

export function isHeader(value: unknown): value is LogHeader {
  return typeof value === 'object' && value !== null && 'warmline' in value && 'secretId' in value;
}

function isLogged(value: unknown): value is LoggedObservation {
  if (typeof value !== 'object' || value === null) return false;
  const { key, call, provider, model, unit, chars, startedAtMs, reply, admitted, speakable } = value as Record<
    string,
    unknown
  >;
  return (
    [key, call, provider, model, unit].every((field) => typeof field === 'string') &&
    [chars, startedAtMs, reply].every((field) => typeof field === 'number') &&
    [admitted, speakable].every((field) => typeof field === 'boolean')
  );
}

function hmac(secret: Uint8Array, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}
