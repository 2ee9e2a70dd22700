import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { systemClock } from './clock.ts';
import { speakByRest } from './rest.ts';
import { resolveVoice } from './voice.ts';

/** Speaks by a service that answers as the test says. */
async function speak(answer: RequestListener, { timeoutMs = 1000, signal = new AbortController().signal } = {}) {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { voice } = resolveVoice({}, { endpoint, transport: 'rest', sampleRate: undefined });
  try {
    return await speakByRest(voice, 'Hello.', { apiKey: 'key', clock: systemClock, timeoutMs, signal });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const samples = Buffer.from([1, 0, 2, 0, 3, 0]);

function wav(): Buffer {
  const chunk = (name: string, data: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(data.byteLength);
    return Buffer.concat([Buffer.from(name), length, data, Buffer.alloc(data.byteLength % 2)]);
  };
  const chunks = Buffer.concat([
    Buffer.from('WAVE'),
    chunk('fmt ', Buffer.alloc(16)),
    chunk('LIST', Buffer.from('odd')),
    chunk('data', samples),
  ]);
  return chunk('RIFF', chunks);
}

describe('speakByRest', () => {
  it.each([
    ['raw samples', samples],
    ['a WAV file', wav()],
  ])('takes %s', async (_name, audio) => {
    const body = JSON.stringify({ request_id: 'r1', audios: [audio.toString('base64')] });
    expect(await speak((_request, response) => response.end(body))).toEqual({ requestId: 'r1', pcm: samples });
  });

  it.each([['{"audios":[]}'], ['{}'], ['no JSON'], ['{"audios":["UklGRg=="]}']])(
    'takes %s for a failure',
    async (body) => {
      await expect(speak((_request, response) => response.end(body))).rejects.toMatchObject({ kind: 'protocol' });
    },
  );

  it('gives up after its timeout', async () => {
    await expect(speak(() => {}, { timeoutMs: 30 })).rejects.toMatchObject({ kind: 'timeout', retryable: true });
  });

  it('ends the request when its signal aborts', async () => {
    const abort = new AbortController();
    const ended = Promise.withResolvers<void>();
    const speech = speak(
      (_request, response) => {
        response.once('close', ended.resolve);
        abort.abort();
      },
      { signal: abort.signal },
    );
    await expect(speech).rejects.toThrow('aborted');
    await ended.promise;
  });
});
