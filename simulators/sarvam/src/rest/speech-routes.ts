import type { IncomingMessage, ServerResponse } from 'node:http';
import { epochNow } from '../clock.ts';
import type { Route } from '../http-routes.ts';
import { Rejection } from '../rejection.ts';
import type { Simulation } from '../simulation.ts';
import { speakStream, speakWhole } from './http-speech.ts';
import { readJson } from './read-json.ts';
import { replyError, replyJson } from './reply.ts';
import { BetaModelRejection, parseSpeechRequest } from './speech-request.ts';
import type { HttpTransport } from './speech-request.ts';
import { TokenBucket } from './token-bucket.ts';

/** Sarvam's REST endpoints. */
export function speechRoutes(simulation: Simulation): [string, Route][] {
  const bucket = new TokenBucket(simulation.options.requestsPerMinute, epochNow());
  const route =
    (transport: HttpTransport): Route =>
    (request, response) =>
      answer(simulation, bucket, transport, request, response);
  return [
    ['POST /text-to-speech', route('rest')],
    ['POST /text-to-speech/stream', route('stream')],
  ];
}

async function answer(
  simulation: Simulation,
  bucket: TokenBucket,
  transport: HttpTransport,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { options, ledger } = simulation;
  if (!options.apiKeys.includes(String(request.headers['api-subscription-key']))) {
    ledger.refuse('auth');
    throw new Rejection(403, 'Invalid or missing authentication credentials');
  }
  if (!bucket.take(epochNow())) {
    ledger.refuse('limit');
    throw new Rejection(429, 'rate limit exceeded');
  }
  const body = await readJson(request);
  if (refusedByFault(simulation, body, response)) return;
  try {
    const speech = parseSpeechRequest(body, transport, options.betaAccess);
    await (transport === 'rest' ? speakWhole : speakStream)(simulation, speech, response);
  } catch (error) {
    if (!(error instanceof BetaModelRejection)) throw error;
    replyJson(response, error.status, { message: error.message });
  }
}

function refusedByFault({ faults, ledger }: Simulation, body: unknown, response: ServerResponse): boolean {
  const text: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'text') : undefined;
  const fault = faults.draw('rest_status', typeof text === 'string' ? text : '');
  if (fault === undefined) return false;
  ledger.refuse('fault');
  if (fault.retry_after !== undefined) response.setHeader('retry-after', fault.retry_after);
  replyError(response, fault.status, fault.message ?? `fault rest_status ${fault.status}`);
  return true;
}
