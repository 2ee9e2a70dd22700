import type { AddressInfo } from 'node:net';
import { initializeLogger } from '@livekit/agents';
import { expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { hear, QUICK } from './test-kit.fixture.ts';
import { TTS } from './tts.ts';

const FINAL = '{"type":"event","data":{"event_type":"final"}}';

function audio(...samples: number[]): string {
  const bytes = Buffer.from(Int16Array.from(samples).buffer);
  return JSON.stringify({
    type: 'audio',
    data: { request_id: 'r', content_type: 'audio/pcm', audio: bytes.toString('base64') },
  });
}

it('what an attempt left unheard is not played before the next one', async () => {
  initializeLogger({ pretty: false, level: 'silent' });
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise((resolve) => server.once('listening', resolve));
  let flushes = 0;
  server.on('connection', (peer: WebSocket) => {
    peer.on('message', (data) => {
      if (!(data as Buffer).toString().includes('flush')) return;
      flushes += 1;
      // Two samples are less than what waits for the end of the segment: nothing of them was heard.
      peer.send(audio(1, 2));
      if (flushes === 1) peer.close(1011);
      else peer.send(FINAL);
    });
  });
  const tts = new TTS({ apiKey: 'key', baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  const stream = tts.stream({ connOptions: QUICK });
  stream.pushText('Two samples.');
  stream.endInput();
  const { pcm, ends } = await hear(stream);
  await tts.close();
  server.close();
  expect({ ends, flushes, samples: [...new Int16Array(Uint8Array.from(pcm).buffer)] }).toEqual({
    ends: 1,
    flushes: 2,
    samples: [1, 2],
  });
});
