import { ask } from './observer.ts';
import { Stage } from './stage.ts';
import type { OutageState } from './state.ts';
import { expecting } from './state.ts';

/** So long a server is away before it is started anew. */
const AWAY_MS = 300;
/** What a server has of it tells which of its times it has come back from. */
const MARKER = 'bench:marker';

const restartedEmpty: OutageState = {
  name: 'restarted_empty',
  awayMs: AWAY_MS,
  open: () => Stage.direct(),
  prepare: async ({ parts: { server } }) => void (await server.command('SET', MARKER, 'now')),
  enter: async ({ parts: { server } }) => {
    await server.kill();
    return `SIGKILL, after ${AWAY_MS} ms started without a dump`;
  },
  lift: ({ parts: { server } }) => server.restart(),
  verify: async ({ parts: { connect, server } }) =>
    `pid ${server.pid}, EXISTS marker: ${expecting(/^0$/u, await ask(connect, 'EXISTS', MARKER))}`,
};

const restoredSnapshot: OutageState = {
  name: 'restored_snapshot',
  awayMs: AWAY_MS,
  open: () => Stage.direct(),
  prepare: async (stage) => {
    const { server } = stage.parts;
    await server.command('SET', MARKER, 'old');
    stage.snapshot = await server.snapshot();
    await server.command('SET', MARKER, 'now');
  },
  enter: async ({ parts: { server }, snapshot }) => {
    await server.kill();
    server.restore(snapshot);
    return `SIGKILL, after ${AWAY_MS} ms started from a dump older than the changes`;
  },
  lift: ({ parts: { server } }) => server.restart(),
  verify: async ({ parts: { connect, server } }) =>
    `pid ${server.pid}, GET marker: ${expecting(/^old$/u, await ask(connect, 'GET', MARKER))}`,
};

const clusterMasterKilled: OutageState = {
  name: 'cluster_master_killed',
  awayMs: 0,
  open: () => Stage.cluster(),
  enter: killMaster,
  // Its replica takes over by itself.
  lift: async () => {},
  verify: newMaster,
};

const sentinelFailover: OutageState = {
  ...clusterMasterKilled,
  name: 'sentinel_failover',
  open: () => Stage.sentinels(),
};

async function killMaster({ parts: { server } }: Stage): Promise<string> {
  await server.kill();
  return 'SIGKILL of a master that has a replica';
}

async function newMaster(stage: Stage): Promise<string> {
  const { pid, port } = await stage.master();
  if (pid === stage.parts.server.pid) throw new Error('there has been no fail-over');
  return `master is pid ${pid} on port ${port}`;
}

/** A server that is away for a moment, and what comes back is not what it was. */
export const RESTART_STATES: readonly OutageState[] = [restartedEmpty, restoredSnapshot];

/** Another server takes the place of one that is killed. */
export const FAIL_OVER_STATES: readonly OutageState[] = [clusterMasterKilled, sentinelFailover];
