import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { controlRoutes } from './control/control-routes.ts';
import type { Controls } from './control/control-routes.ts';
import { Rejection } from './rejection.ts';
import { requestUrl } from './request-url.ts';
import { replyError } from './rest/reply.ts';
import { speechRoutes } from './rest/speech-routes.ts';
import type { Simulation } from './simulation.ts';

/** Answers one request; what it throws becomes the error body. */
export type Route = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** The HTTP side: Sarvam's endpoints, and the simulator's own under `/_`. */
export function createRoutes(simulation: Simulation, controls: Controls): RequestListener {
  const routes: ReadonlyMap<string, Route> = new Map([
    ...speechRoutes(simulation),
    ...controlRoutes(simulation, controls),
  ]);
  const paths = new Set([...routes.keys()].map((key) => key.split(' ')[1]));
  return (request, response) => {
    const { pathname } = requestUrl(request);
    const route = routes.get(`${request.method} ${pathname}`);
    if (route !== undefined) void answer(route, request, response);
    else if (paths.has(pathname)) replyError(response, 405, 'Method Not Allowed');
    else replyError(response, 404, 'Not Found');
  };
}

async function answer(route: Route, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    await route(request, response);
  } catch (error) {
    if (response.headersSent) response.destroy();
    else if (error instanceof Rejection) replyError(response, error.status, error.message);
    else replyError(response, 500, error instanceof Error ? error.message : String(error));
  }
}
