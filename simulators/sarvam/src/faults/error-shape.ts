import { errorCodeWord } from '../error-code-word.ts';
import { errorFrame } from '../ws/frames.ts';
import type { FaultSpecs } from './fault-specs.ts';

/** Texts seen live, by status. */
const MESSAGES: ReadonlyMap<number, string> = new Map([
  [400, "Speaker 'shubh' is not compatible with model bulbul:v4-flash"],
  [422, 'Input parameters has to be a valid dictionary'],
  [429, 'rate limit exceeded'],
  [503, 'model unavailable'],
]);

/** The frame of an `error_frame` fault: `int` code, status in the `text`, code of `digits`, code as a `word`. */
export function faultErrorFrame(requestId: string, fault: FaultSpecs['error_frame']): string {
  const shape = fault.shape ?? 'int';
  const status = fault.status ?? (shape === 'int' ? 503 : 400);
  const message = fault.message ?? MESSAGES.get(status) ?? 'internal server error';
  switch (shape) {
    case 'int':
      return errorFrame(requestId, message, status);
    case 'text':
      return errorFrame(requestId, `${status}: ${message}`);
    case 'digits':
      return errorFrame(requestId, message, String(status));
    case 'word':
      return errorFrame(requestId, message, fault.word ?? errorCodeWord(status));
  }
}
