import { ask } from './observer.ts';
import { Stage } from './stage.ts';
import type { OutageState } from './state.ts';
import { expecting } from './state.ts';

const SLOW_MS = 200;
const RESET_EVERY_MS = 25;
/** Past the dead-man switch of five seconds, and long enough to be read then. */
const PAST_SWITCH_MS = 5_900;

const slow: OutageState = {
  name: 'slow',
  othersWrite: true,
  withPeers: true,
  open: () => Stage.proxied(),
  enter: async ({ parts: { proxy } }) => {
    proxy?.set({ latencyMs: SLOW_MS / 2 });
    return `proxy: +${SLOW_MS} ms a round trip`;
  },
  verify: async ({ parts: { connect } }) => {
    const fromMs = performance.now();
    const answer = expecting(/^PONG$/u, await ask(connect, 'PING'));
    const tookMs = performance.now() - fromMs;
    if (tookMs < SLOW_MS) throw new Error(`it answered within ${tookMs} ms`);
    return `PING: ${answer} after ${tookMs.toFixed(0)} ms`;
  },
  lift: async ({ parts: { proxy } }) => proxy?.heal(),
};

const blackholed: OutageState = {
  name: 'blackholed',
  othersWrite: true,
  lastsMs: PAST_SWITCH_MS,
  open: () => Stage.proxied(),
  enter: async ({ parts: { proxy } }) => {
    proxy?.set({ blackhole: true });
    await proxy?.dropConnects(true);
    return 'proxy: passes nothing on, drops each SYN';
  },
  verify: async ({ parts: { connect, connectDirectly } }) => {
    const seen = expecting(/ETIMEDOUT|timed out/iu, await ask(connect, 'PING'));
    return `PING: ${seen}; past the proxy: ${expecting(/^PONG$/u, await ask(connectDirectly, 'PING'))}`;
  },
  lift: async ({ parts: { proxy } }) => proxy?.heal(),
};

const resetting: OutageState = {
  name: 'resetting',
  othersWrite: true,
  open: () => Stage.proxied(),
  enter: async (stage) => {
    const { proxy } = stage.parts;
    proxy?.reset();
    stage.repeated = setInterval(() => proxy?.reset(), RESET_EVERY_MS);
    return `proxy: RST to every connection, every ${RESET_EVERY_MS} ms`;
  },
  // Undisturbed it would be kept waiting and get nothing.
  verify: async ({ parts: { connect } }) =>
    `BLPOP: ${expecting(/ECONNRESET|closed/iu, await ask(connect, 'BLPOP', 'bench:nothing', '0.2'))}`,
  lift: async ({ repeated }) => clearInterval(repeated),
};

/** What is done to the network between the processes and a server that is well. */
export const NETWORK_STATES: readonly OutageState[] = [slow, blackholed, resetting];
