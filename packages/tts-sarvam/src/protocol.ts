import { errorStatus, statusFailure } from './failure.ts';
import type { SpeechFailure } from './failure.ts';
import { socketPath } from './models.ts';
import type { SarvamVoice } from './voice.ts';

/** What Sarvam says, read. `unreadable` is no JSON or lacks what its type needs: audio may be lost. */
export type ServerMessage =
  | { readonly kind: 'audio'; readonly requestId: string; readonly bytes: Uint8Array }
  | { readonly kind: 'final' }
  | { readonly kind: 'error'; readonly failure: SpeechFailure }
  | { readonly kind: 'unknown'; readonly type: string }
  | { readonly kind: 'unreadable' };

export const FLUSH_MESSAGE = '{"type":"flush"}';
export const PING_MESSAGE = '{"type":"ping"}';

/** The address of a voice's socket. The completion event is asked for: not every account gets it unasked. */
export function socketUrl({ endpoint, model }: SarvamVoice): string {
  const query = new URLSearchParams({ model, send_completion_event: 'true' });
  return `${endpoint.replace(/^http/u, 'ws')}${socketPath(model)}?${query.toString()}`;
}

/** The first message of each checkout: sockets are shared by voices. */
export function configMessage(voice: SarvamVoice): string {
  const data = {
    ...voiceFields(voice),
    speech_sample_rate: String(voice.sampleRate),
    min_buffer_size: voice.minBufferSize,
    max_chunk_length: voice.maxChunkLength,
  };
  return JSON.stringify({ type: 'config', data });
}

export function textMessage(text: string): string {
  return JSON.stringify({ type: 'text', data: { text } });
}

/** The body of a REST request. */
export function restBody(voice: SarvamVoice, text: string): string {
  return JSON.stringify({
    text,
    model: voice.model,
    ...voiceFields(voice),
    speech_sample_rate: voice.sampleRate,
  });
}

/** What both transports are told; what is `undefined` is left out. */
function voiceFields(voice: SarvamVoice): Record<string, unknown> {
  return {
    target_language_code: voice.language,
    speaker: voice.speaker,
    pace: voice.pace,
    pitch: voice.pitch,
    loudness: voice.loudness,
    temperature: voice.temperature,
    dict_id: voice.dictId,
    enable_preprocessing: voice.preprocessing,
    // Raw PCM. `wav` brings a header in its first message, sometimes.
    output_audio_codec: 'linear16',
  };
}

/** Reads one message of a socket. Never throws. */
export function readServerMessage(raw: string): ServerMessage {
  const message = parseObject(raw);
  const data = asObject(message?.['data']);
  switch (message?.['type']) {
    case 'audio': {
      const audio = asText(data['audio']);
      if (audio === undefined) return { kind: 'unreadable' };
      const requestId = asText(data['request_id']) ?? '';
      return { kind: 'audio', requestId, bytes: Buffer.from(audio, 'base64') };
    }
    case 'event':
      return data['event_type'] === 'final' ? { kind: 'final' } : { kind: 'unknown', type: 'event' };
    case 'error':
      return { kind: 'error', failure: readError(data) };
    case undefined:
      return { kind: 'unreadable' };
    default:
      return { kind: 'unknown', type: String(message?.['type']).slice(0, 40) };
  }
}

/** The failure an error tells, in a frame or in the body of a response (whose status then counts). */
export function readError(
  error: Record<string, unknown>,
  { status, retryAfter }: { status?: number; retryAfter?: string | null } = {},
): SpeechFailure {
  const { code } = error;
  const message = asText(error['message']) ?? 'no message';
  const detail = typeof code === 'string' ? `${message} [${code}]` : message;
  return statusFailure(status ?? errorStatus(code, message), detail, retryAfter);
}

export function parseObject(raw: string): Record<string, unknown> | undefined {
  try {
    return asObject(JSON.parse(raw));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

export function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
