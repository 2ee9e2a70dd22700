import { epochNow } from '../clock.ts';
import type { Route } from '../http-routes.ts';
import { Rejection } from '../rejection.ts';
import { readJson } from '../rest/read-json.ts';
import { replyJson } from '../rest/reply.ts';
import type { Simulation } from '../simulation.ts';

/** What the control endpoints can do to the simulator. */
export interface Controls {
  /** Returns how many idle sockets it closed. Throws `TypeError` on a bad fault. */
  setFaults(input: unknown): number;
  reset(): void;
}

/** The simulator's own endpoints; Sarvam has none of them. They take no key. */
export function controlRoutes(simulation: Simulation, controls: Controls): [string, Route][] {
  const { ledger, faults } = simulation;
  const startedAt = epochNow();
  return [
    [
      'GET /_health',
      (_, response) =>
        replyJson(response, 200, { status: 'ok', open_sockets: ledger.openSockets, uptime_ms: epochNow() - startedAt }),
    ],
    ['GET /_ledger', (_, response) => replyJson(response, 200, ledger.snapshot())],
    ['GET /_faults', (_, response) => replyJson(response, 200, { active: faults.state() })],
    [
      'POST /_faults',
      async (request, response) => {
        const input = await readJson(request);
        const closed = attempt(() => controls.setFaults(input));
        replyJson(response, 200, { active: faults.state(), idle_closed: closed });
      },
    ],
    [
      'DELETE /_faults',
      (_, response) => {
        faults.clear();
        replyJson(response, 200, { active: faults.state() });
      },
    ],
    [
      'POST /_reset',
      (_, response) => {
        controls.reset();
        replyJson(response, 200, { status: 'ok' });
      },
    ],
  ];
}

function attempt(setFaults: () => number): number {
  try {
    return setFaults();
  } catch (error) {
    if (error instanceof TypeError) throw new Rejection(400, error.message);
    throw error;
  }
}
