import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseFaults } from './faults/fault-schemas.ts';
import type { Faults } from './faults/fault-specs.ts';
import { FaultSet } from './faults/fault-set.ts';
import { createRoutes } from './http-routes.ts';
import { LedgerBook } from './ledger-book.ts';
import type { Ledger } from './ledger.ts';
import { resolveOptions } from './options.ts';
import type { SarvamSimulatorOptions } from './options.ts';
import type { Simulation } from './simulation.ts';
import { TimingModel } from './timing-model.ts';
import { Takes } from './voice/takes.ts';
import { SocketServer } from './ws/socket-server.ts';

/** Node's default of 5 s would cut connections that clients of the real service can reuse. */
const KEEP_ALIVE_MS = 75_000;

/** A running simulator. */
export interface SarvamSimulator {
  readonly port: number;
  /** `http://host:port`; the WebSockets are at the same address. */
  readonly url: string;
  /** What the service counted so far. */
  ledger(): Ledger;
  /** Replaces the faults that are named and leaves the others; `null` switches one off. Throws `TypeError` on a bad one. */
  setFaults(faults: Faults): void;
  /** Clears ledger, takes and faults. Open sockets stay open. */
  reset(): void;
  /** Cuts every connection and frees the port. */
  close(): Promise<void>;
}

/** Starts a simulator. Throws `TypeError` on a bad option; rejects if the port is taken. */
export async function startSarvamSimulator(options: SarvamSimulatorOptions = {}): Promise<SarvamSimulator> {
  const resolved = resolveOptions(options);
  const simulation: Simulation = {
    options: resolved,
    ledger: new LedgerBook(),
    faults: new FaultSet(),
    takes: new Takes(),
    timing: new TimingModel(resolved.seed, resolved.speed, resolved.realTimeFactor),
  };
  const sockets = new SocketServer(simulation);
  const controls = {
    setFaults(input: unknown): number {
      const { idle_close: idleClose, ...kept } = parseFaults(input);
      simulation.faults.merge(kept);
      return idleClose ? sockets.closeIdle(idleClose) : 0;
    },
    reset(): void {
      simulation.ledger.reset();
      simulation.takes.reset();
      simulation.faults.clear();
    },
  };
  const server = createServer(createRoutes(simulation, controls));
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.on('upgrade', (request, transport, head) => void sockets.upgrade(request, transport, head));
  const port = await listen(server, resolved.port, resolved.host);
  return {
    port,
    url: `http://${resolved.host}:${port}`,
    ledger: () => simulation.ledger.snapshot(),
    setFaults: (faults) => void controls.setFaults(faults),
    reset: () => controls.reset(),
    close: () => close(server, sockets),
  };
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function close(server: Server, sockets: SocketServer): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    sockets.close();
    server.closeAllConnections();
  });
}
