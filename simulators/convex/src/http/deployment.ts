import type { IncomingMessage, ServerResponse } from 'node:http';
import { sleep } from '../clock.ts';
import type { Simulation } from '../simulation.ts';
import { encodeTimestamp } from '../sync/frames.ts';
import { authenticate, functionRequest, runRequest } from './function-routes.ts';
import type { FunctionRequest } from './function-routes.ts';
import { readBody } from './read-body.ts';
import { Rejection } from './rejection.ts';
import { outcomeJson, replyText } from './reply.ts';

/** An answer that is ready to travel, or `undefined` where a fault cut the connection. */
type Answer = { readonly status: number; readonly json: string } | undefined;

const HTTP_ACTIONS = '/http';

/** Answers a request to the deployment, which travels both ways. */
export async function serveDeployment(
  simulation: Simulation,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const { options, ledger, faults } = simulation;
  ledger.request();
  if (faults.draw('refuse') !== undefined) return void request.socket.destroy();
  const body = await readBody(request);
  ledger.transferred('http_in', body.length);
  await sleep(options.delayMs);
  if (url.pathname.startsWith(`${HTTP_ACTIONS}/`))
    return await serveHttpAction(simulation, request, response, url, body);
  const answer = await answerOf(simulation, request, url, body);
  if (answer === undefined) return void request.socket.destroy();
  await sleep(options.delayMs);
  ledger.transferred('http_out', replyText(response, answer.status, answer.json));
}

async function answerOf(simulation: Simulation, request: IncomingMessage, url: URL, body: Buffer): Promise<Answer> {
  try {
    return await answerCall(simulation, request, url, body);
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    const { status, code, message } = error;
    return { status, json: JSON.stringify({ code, message }) };
  }
}

async function answerCall(simulation: Simulation, request: IncomingMessage, url: URL, body: Buffer): Promise<Answer> {
  const { options, backend, faults } = simulation;
  if (request.method === 'POST' && url.pathname === '/api/query_ts') {
    return { status: 200, json: JSON.stringify({ ts: encodeTimestamp(backend.clock.current) }) };
  }
  const asked = functionRequest(request, url, body, { backend, deployKey: options.deployKey });
  if (asked === undefined) throw new Rejection(404, 'NotFound', `There is no ${request.method} ${url.pathname}`);
  const { path } = asked.call;
  const status = faults.draw('status', path);
  if (status !== undefined) throw rejectionOf(status);
  const drop = faults.draw('drop', path);
  if (drop === undefined) return { status: 200, json: await run(simulation, asked) };
  if (drop.after_run === true) await run(simulation, asked);
  return undefined;
}

function rejectionOf(fault: { readonly status: number; readonly code?: string; readonly message?: string }): Rejection {
  const {
    status,
    code = 'InternalServerError',
    message = 'Your request could not be completed. Try again later.',
  } = fault;
  return new Rejection(status, code, message);
}

async function run({ backend }: Simulation, asked: FunctionRequest): Promise<string> {
  return outcomeJson(await runRequest(backend, asked));
}

async function serveHttpAction(
  { backend, options, ledger }: Simulation,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  body: Buffer,
): Promise<void> {
  const method = request.method ?? 'GET';
  const headers = Object.entries(request.headersDistinct).flatMap(([name, values = []]) =>
    values.map((value): [string, string] => [name, value]),
  );
  const path = url.pathname.slice(HTTP_ACTIONS.length) + url.search;
  const init = { method, headers, ...(body.length === 0 ? {} : { body: new Uint8Array(body) }) };
  const reply = await backend.httpAction(path, init, authenticate(request, options.deployKey));
  const bytes = Buffer.from(await reply.arrayBuffer());
  await sleep(options.delayMs);
  ledger.transferred('http_out', bytes.length);
  response.writeHead(reply.status, [...reply.headers].flat());
  response.end(bytes);
}
