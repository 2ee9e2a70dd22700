import { distribution } from '../distribution.ts';
import type { ScenarioResult } from '../scenario.ts';
import { table } from '../tables.ts';
import { digits } from '../targets.ts';
import type { PeerRead } from './peers-child.ts';
import { LOADER_MS } from './play.ts';
import type { RoundResult } from './round-result.ts';

/** What a client of ioredis with its defaults is known to wait for one answer, in ms (the project's notes on Redis, section 4). */
const KNOWN_MS: Readonly<Record<string, number>> = { slow: 200 };
/** Further off, it was perhaps set up wrongly here. */
const FAR = 3;

/** Other libraries in the same outages. */
export function peersSection(rounds: readonly RoundResult[]): ScenarioResult['sections'] {
  const rows = rounds.flatMap(({ state, peers }) =>
    (peers?.outage.peers ?? []).map((peer) => {
      const { p50, p95, max, n } = distribution(peer.coldMs);
      const healthy = peers?.healthy.peers.find(({ name }) => name === peer.name);
      return [
        `${state.name}, ${peer.name}`,
        n,
        digits(distribution(healthy?.coldMs ?? []).p50),
        ...[p50, p95, max].map(digits),
        peer.unanswered,
        peer.failed,
        digits(peers?.outage.lagMs ?? 0),
        isSuspect(state.name, peer) ? 'suspect' : '',
      ];
    }),
  );
  if (rows.length === 0) return [];
  return [
    {
      title:
        `Others, cold keys in the same states, loader of ${LOADER_MS} ms: from the call to the value, or to the end of the bench's patience (unanswered).\n` +
        'ioredis_by_hand: new Redis(), get, load, set. bentocache: memory, Redis and bus, by its documentation; _breaker: with l2CircuitBreakerDuration of 2 s.\n' +
        'cacheable: memory, and Keyv on Redis as its secondary store.',
      body: table(
        ['state, peer', 'cold n', 'p50 before', 'p50 ms', 'p95', 'max', 'unanswered', 'failed', 'lag ms', ''],
        rows,
      ),
    },
  ];
}

function isSuspect(state: string, { name, coldMs }: PeerRead): boolean {
  const known = KNOWN_MS[state];
  if (known === undefined || name !== 'ioredis_by_hand') return false;
  const waitedMs = distribution(coldMs).p50 - LOADER_MS;
  return waitedMs > known * FAR || waitedMs < known / FAR;
}
