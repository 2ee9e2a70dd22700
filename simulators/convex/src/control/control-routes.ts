import type { IncomingMessage, ServerResponse } from 'node:http';
import { epochMs } from '../clock.ts';
import { parseFaults } from '../faults/fault-schemas.ts';
import { parseJson, readBody } from '../http/read-body.ts';
import { Rejection } from '../http/rejection.ts';
import { replyJson } from '../http/reply.ts';
import type { Simulation } from '../simulation.ts';
import type { SyncServer } from '../sync/sync-server.ts';

/** Answers one of the simulator's own requests. */
export type ControlRoute = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** The simulator's own endpoints, by method and path. Nothing delays them and no fault strikes them. */
export function controlRoutes(simulation: Simulation, sockets: SyncServer): ReadonlyMap<string, ControlRoute> {
  const { ledger, faults } = simulation;
  const startedAt = epochMs();
  return new Map<string, ControlRoute>([
    [
      'GET /_health',
      (_, response) =>
        void replyJson(response, 200, {
          status: 'ok',
          open_sockets: ledger.openSockets,
          uptime_ms: epochMs() - startedAt,
        }),
    ],
    ['GET /_ledger', (_, response) => void replyJson(response, 200, ledger.snapshot())],
    ['GET /_faults', (_, response) => void replyJson(response, 200, { active: faults.state() })],
    [
      'POST /_faults',
      async (request, response) => {
        const { close, ...kept } = validFaults(parseJson(await readBody(request)));
        faults.merge(kept);
        sockets.applyFaults();
        const closed = close ? sockets.closeSockets(close) : 0;
        replyJson(response, 200, { active: faults.state(), closed });
      },
    ],
    [
      'DELETE /_faults',
      (_, response) => {
        faults.clear();
        replyJson(response, 200, { active: {} });
      },
    ],
    [
      'POST /_reset',
      (_, response) => {
        ledger.reset();
        faults.clear();
        replyJson(response, 200, { status: 'ok' });
      },
    ],
  ]);
}

function validFaults(input: unknown): ReturnType<typeof parseFaults> {
  try {
    return parseFaults(input);
  } catch (error) {
    if (error instanceof TypeError) throw new Rejection(400, 'BadFault', error.message);
    throw error;
  }
}
