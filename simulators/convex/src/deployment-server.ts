import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Backend } from './backend/backend.ts';
import { controlRoutes } from './control/control-routes.ts';
import { FaultSet } from './faults/fault-set.ts';
import { loadFunctionFolder } from './functions/function-folder.ts';
import { serveDeployment } from './http/deployment.ts';
import { Rejection } from './http/rejection.ts';
import { replyJson } from './http/reply.ts';
import { LedgerBook } from './ledger/ledger-book.ts';
import type { ResolvedOptions } from './options.ts';
import type { Simulation } from './simulation.ts';
import { SyncServer } from './sync/sync-server.ts';

// convex-test replaces globals of its process, and the functions see its environment.
const LOOPBACK = '127.0.0.1';
/** Node's default of 5 s would cut connections that clients of the real service can reuse. */
const KEEP_ALIVE_MS = 75_000;

/** A deployment that listens. */
export interface DeploymentServer {
  readonly url: string;
  /** Cuts every connection and frees the port. */
  close(): Promise<void>;
}

/** Serves a folder of functions from this process, whose globals it changes for good. Throws `TypeError` on a bad folder. */
export async function startDeployment(options: ResolvedOptions): Promise<DeploymentServer> {
  Object.assign(process.env, options.env);
  const ledger = new LedgerBook();
  const faults = new FaultSet();
  const folder = await loadFunctionFolder(options.functions);
  const simulation: Simulation = { options, ledger, faults, backend: new Backend(folder, options, ledger, faults) };
  if (options.seed !== undefined) await simulation.backend.seed(options.seed);
  ledger.reset();
  const sockets = new SyncServer(simulation);
  const server = createServer(listener(simulation, sockets));
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.on('upgrade', (request, transport, head) => sockets.upgrade(request, transport, head));
  const port = await listen(server, options.port);
  return { url: `http://${LOOPBACK}:${port}`, close: () => close(server, sockets) };
}

function listener(simulation: Simulation, sockets: SyncServer): RequestListener {
  const controls = controlRoutes(simulation, sockets);
  return (request, response) => {
    const url = URL.parse(request.url ?? '/', 'http://localhost') ?? new URL('http://localhost/');
    const control = controls.get(`${request.method} ${url.pathname}`);
    const serve = control ?? (() => serveDeployment(simulation, request, response, url));
    void answer(async () => serve(request, response), request, response);
  };
}

async function answer(serve: () => Promise<void>, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    await serve();
  } catch (error) {
    if (response.headersSent) return void request.socket.destroy();
    const { status, code } = error instanceof Rejection ? error : { status: 500, code: 'InternalServerError' };
    // The rest of a body that is too large is not worth reading.
    if (!request.complete) response.setHeader('connection', 'close');
    replyJson(response, status, { code, message: error instanceof Error ? error.message : String(error) });
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, LOOPBACK, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function close(server: Server, sockets: SyncServer): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    sockets.cutAll();
    server.closeAllConnections();
  });
}
