import type { ServerResponse } from 'node:http';
import { epochNow, sleep } from '../clock.ts';
import { HTTP_FAULTS, drawSpeechFaults, namesOf, truncated } from '../faults/speech-faults.ts';
import type { Simulation } from '../simulation.ts';
import { splitAudio } from '../split-audio.ts';
import type { UtteranceRecord } from '../utterance-record.ts';
import { synthesize } from '../voice/synthesize.ts';
import { wavHeader } from '../voice/wav-header.ts';
import { replyJson } from './reply.ts';
import type { HttpTransport, SpeechRequest } from './speech-request.ts';

/** Speech for one HTTP request, paced like the service: a chunk comes when it is synthesised. */
interface HttpSpeech {
  readonly record: UtteranceRecord;
  /** Ends early when a `cut` strikes or the client goes away. */
  readonly chunks: AsyncIterable<Buffer>;
}

/** Answers with all audio in one JSON body. */
export async function speakWhole(
  simulation: Simulation,
  request: SpeechRequest,
  response: ServerResponse,
): Promise<void> {
  const { record, chunks } = begin(simulation, request, 'rest', response);
  const parts: Buffer[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  if (response.destroyed) return;
  const { voice, codec } = request.settings;
  const pcm = Buffer.concat(parts);
  const audio = codec === 'wav' ? Buffer.concat([wavHeader(voice.sampleRate, pcm.length), pcm]) : pcm;
  record.sent(pcm);
  record.end(true);
  replyJson(response, 200, { request_id: record.requestId, audios: [audio.toString('base64')] });
}

/** Answers with raw audio while it is synthesised. */
export async function speakStream(
  simulation: Simulation,
  request: SpeechRequest,
  response: ServerResponse,
): Promise<void> {
  const { record, chunks } = begin(simulation, request, 'stream', response);
  const { voice, codec } = request.settings;
  response.writeHead(200, { 'content-type': codec === 'wav' ? 'audio/wav' : 'audio/pcm' });
  response.flushHeaders();
  if (codec === 'wav') response.write(wavHeader(voice.sampleRate));
  for await (const chunk of chunks) {
    response.write(chunk);
    record.sent(chunk);
  }
  if (response.destroyed) return;
  record.end(true);
  response.end();
}

function begin(
  simulation: Simulation,
  { text, settings }: SpeechRequest,
  transport: HttpTransport,
  response: ServerResponse,
): HttpSpeech {
  const { voice } = settings;
  const faults = drawSpeechFaults(simulation.faults, HTTP_FAULTS, text);
  const record = simulation.ledger.startUtterance({ connection: null, transport, voice, faults: namesOf(faults) });
  const take = simulation.takes.next(voice, text);
  record.bill(text, take);
  const pcm = truncated(synthesize(text, voice, take, simulation.options), faults);
  const gone = new AbortController();
  response.once('close', () => {
    gone.abort();
    record.end(false);
  });

  async function* paced(): AsyncGenerator<Buffer> {
    const { timing } = simulation;
    const msPerByte = (timing.realTimeFactor() * 1000) / (voice.sampleRate * 2);
    const chunks = splitAudio(pcm, faults.odd_chunks !== undefined);
    let due = epochNow() + timing.handshakeMs() + timing.firstChunkMs() + (faults.first_chunk_delay?.ms ?? 0);
    for (const [at, chunk] of chunks.entries()) {
      if (faults.stall !== undefined && at === positionIn(chunks, faults.stall.after_chunks)) {
        due += faults.stall.ms ?? Infinity;
      }
      if (faults.cut !== undefined && at === positionIn(chunks, faults.cut.after_chunks)) response.destroy();
      if (at > 0) due += chunk.length * msPerByte;
      await sleep(due - epochNow(), gone.signal);
      if (gone.signal.aborted || response.destroyed) return;
      yield chunk;
    }
  }
  return { record, chunks: paced() };
}

/** A fault after more chunks than there are strikes at the last. */
function positionIn(chunks: readonly Buffer[], afterChunks = 0): number {
  return Math.min(afterChunks, chunks.length - 1);
}
