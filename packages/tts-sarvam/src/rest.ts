import { asFailure, SpeechFailure } from './failure.ts';
import type { Clock } from './clock.ts';
import { asObject, asText, parseObject, readError, restBody } from './protocol.ts';
import type { SarvamVoice } from './voice.ts';

/** A sentence's whole audio. */
export interface RestSpeech {
  readonly pcm: Uint8Array;
  readonly requestId: string;
}

/**
 * Speaks a text in one request.
 * Rejects with a {@link SpeechFailure}: the status, no answer within `timeoutMs`, or no audio in it.
 */
export async function speakByRest(
  voice: SarvamVoice,
  text: string,
  { apiKey, clock, timeoutMs, signal }: { apiKey: string; clock: Clock; timeoutMs: number; signal: AbortSignal },
): Promise<RestSpeech> {
  const timeout = new AbortController();
  const cancel = clock.after(timeoutMs, () => {
    timeout.abort(new SpeechFailure('timeout', `Sarvam's REST service did not answer within ${timeoutMs} ms`));
  });
  try {
    const response = await fetch(`${voice.endpoint}/text-to-speech`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'api-subscription-key': apiKey },
      body: restBody(voice, text),
      signal: AbortSignal.any([signal, timeout.signal]),
    });
    const body = parseObject(await response.text()) ?? {};
    if (response.ok) return readSpeech(body);
    const error = { message: response.statusText, ...asObject(body['error'] ?? body) };
    throw readError(error, { status: response.status, retryAfter: response.headers.get('retry-after') });
  } catch (error) {
    // `fetch` says only "fetch failed"; what happened is in the cause.
    throw asFailure(error instanceof TypeError ? (error.cause ?? error) : error);
  } finally {
    cancel();
  }
}

function readSpeech(body: Record<string, unknown>): RestSpeech {
  const audios = Array.isArray(body['audios']) ? body['audios'] : [];
  const pcm = Buffer.concat(audios.map((audio) => withoutHeader(Buffer.from(asText(audio) ?? '', 'base64'))));
  if (pcm.byteLength === 0) throw new SpeechFailure('protocol', "Sarvam's REST service answered without audio");
  return { pcm, requestId: asText(body['request_id']) ?? '' };
}

/** The samples of a WAV file; anything else is samples already. */
function withoutHeader(audio: Buffer): Buffer {
  if (audio.toString('latin1', 0, 4) !== 'RIFF') return audio;
  for (let at = 12; at + 8 <= audio.byteLength;) {
    const length = audio.readUInt32LE(at + 4);
    if (audio.toString('latin1', at, at + 4) === 'data') return audio.subarray(at + 8, at + 8 + length);
    at += 8 + length + (length % 2);
  }
  return Buffer.alloc(0);
}
