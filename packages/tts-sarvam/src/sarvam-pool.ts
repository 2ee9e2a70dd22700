import { systemClock } from './clock.ts';
import { guarded } from './events.ts';
import type { SarvamEvent } from './events.ts';
import type { PoolLimits } from './pool-options.ts';
import { SarvamSocket } from './sarvam-socket.ts';
import type { Endpoint, SocketContext } from './sarvam-socket.ts';
import { SocketPool } from './socket-pool.ts';

/** Sockets to Sarvam, to be shared by any number of TTS. */
export type SarvamPool = SocketPool<SarvamSocket, Endpoint>;

/**
 * How long Sarvam may count a socket that is closed here: a cut takes half a round trip and more to be noticed, and a close
 * of its own is noted only when it is over. An answer to our goodbye needs no such time. The simulator, in a process of its
 * own, refused 2 of 1000 sockets opened at once in place of one that was cut, and none of 6000 after a goodbye.
 */
const LAG_MS = 200;

/** Limits of a pool of Sarvam sockets. */
export interface SarvamPoolOptions extends Omit<PoolLimits, 'onEvent'> {
  /** Hears of each socket opened, closed or failed, and of stray messages. @default none */
  onEvent?: (event: SarvamEvent) => void;
}

/**
 * A pool that several TTS may share (option `pool`), so that one cap holds for all of them, whatever their models and
 * keys. Close it yourself.
 * @throws TypeError for an option out of range
 */
export function createSocketPool(options: SarvamPoolOptions = {}): SarvamPool {
  const clock = options.clock ?? systemClock;
  const emit = guarded(options.onEvent);
  const context: SocketContext = {
    clock,
    habits: { renewsIds: false },
    onStray: (kind) => emit({ type: 'stray-message', kind }),
  };
  const pool: SarvamPool = new SocketPool<SarvamSocket, Endpoint>({
    ...options,
    async connectCb(timeoutMs, endpoint, signal) {
      const socket = await SarvamSocket.open(endpoint, { timeoutMs, signal, ...context });
      socket.onClosed(() => pool.remove(socket));
      return socket;
    },
    closeCb: (socket) => socket.close(),
    lagMs: (socket) => (socket.goodbyeAnswered ? 0 : LAG_MS),
    sameTarget: (a, b) => a.url === b.url && a.apiKey === b.apiKey,
    isAlive: (socket) => socket.isAlive(),
    pingCb: (socket) => socket.ping(),
    idleCb: (socket, idle) => socket.setIdle(idle),
  });
  return pool;
}
