import { readFileSync } from 'node:fs';
import { ask } from './observer.ts';
import { Stage } from './stage.ts';
import type { OutageState } from './state.ts';
import { expecting } from './state.ts';

/** Longer than the measurement; it is cut short when that is over. */
const LOADING_MS = 20_000;

const killed: OutageState = {
  name: 'killed',
  withPeers: true,
  open: () => Stage.direct(),
  enter: async ({ parts: { server } }) => {
    await server.kill();
    return 'SIGKILL';
  },
  verify: async ({ parts: { connect } }) => expecting(/ECONNREFUSED/u, await ask(connect, 'PING')),
  lift: ({ parts: { server } }) => server.restart(),
};

const hung: OutageState = {
  name: 'hung',
  withPeers: true,
  open: () => Stage.direct(),
  enter: async ({ parts: { server } }) => {
    await server.pause();
    return 'SIGSTOP';
  },
  verify: async ({ parts: { server, connect } }) =>
    `process ${expecting(/^T$/u, stateOf(server.pid))}; PING: ${expecting(/timed out/iu, await ask(connect, 'PING'))}`,
  lift: async ({ parts: { server } }) => server.resume(),
};

const hungBeforeHandshake: OutageState = { ...hung, name: 'hung_before_handshake', withPeers: false, reopens: true };

const full: OutageState = {
  name: 'full',
  open: () => Stage.direct(),
  enter: async ({ parts: { server } }) => {
    await server.fill();
    return 'CONFIG SET maxmemory-policy noeviction, maxmemory below what is used';
  },
  verify: async ({ parts: { connect } }) => `SET: ${expecting(/^OOM/u, await ask(connect, 'SET', 'bench:full', ''))}`,
  lift: ({ parts: { server } }) => server.unfill(),
};

const readOnly: OutageState = {
  name: 'read_only',
  open: () => Stage.withOther(),
  enter: async ({ parts: { server, other } }) => {
    if (other !== undefined) await server.becomeReplicaOf(other);
    return `REPLICAOF 127.0.0.1 ${other?.port}`;
  },
  verify: async ({ parts: { connect } }) =>
    `SET: ${expecting(/^READONLY/u, await ask(connect, 'SET', 'bench:read-only', ''))}`,
  lift: ({ parts: { server } }) => server.becomeMaster(),
};

const loading: OutageState = {
  name: 'loading',
  open: () => Stage.direct(),
  enter: async ({ parts: { server } }) => {
    await server.restartLoading(LOADING_MS);
    return 'SAVE, SIGKILL, started with its dump and a key-load-delay';
  },
  verify: async ({ parts: { connect } }) => `PING: ${expecting(/^LOADING/u, await ask(connect, 'PING'))}`,
  lift: async ({ parts: { server } }) => void (await server.command('CONFIG', 'SET', 'key-load-delay', '0')),
};

/** What is done to the server itself, while it is measured. */
export const SERVER_STATES: readonly OutageState[] = [killed, hung, hungBeforeHandshake, full, readOnly, loading];

function stateOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.charAt(stat.lastIndexOf(')') + 2);
}
