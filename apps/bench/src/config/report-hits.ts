import { distribution } from '../distribution.ts';
import type { ScenarioResult } from '../scenario.ts';
import { DISTRIBUTION_HEAD, table } from '../tables.ts';
import { paragraph } from './paragraph.ts';
import type { HitCase, HitsAnswer } from './hits-calls.ts';

const WHAT: readonly (readonly [HitCase, string])[] = [
  ['config.process', 'loadAgentConfig, process tier'],
  ['prompt.process', 'getCachedFullPrompt, process tier'],
  ['config.host', 'loadAgentConfig, host tier, open'],
  ['prompt.host', 'getCachedFullPrompt, host tier, open'],
  ['convex_http', 'ConvexHttpClient agents:get, cached in Convex'],
  ['convex_client.local', 'ConvexClient, subscribed: localQueryResult'],
  ['convex_client.first', 'ConvexClient, fresh: first value of one agent'],
];
const PROCESSES = 100;

export function hitsSection({ ms, lagMs }: HitsAnswer): ScenarioResult['sections'][number] {
  const rows = WHAT.map(([name, what]) => {
    const { p50, p95, p99, min, max, n } = distribution(ms[name]);
    return [what, ...[p50, p95, p99, min, max].map(fine), n, lagMs[name].toFixed(0)];
  });
  return {
    title:
      'Hits, from the call to the value, round by round in turn in one process; what is read is warm on all sides.',
    body: `${table(['', ...DISTRIBUTION_HEAD, 'lag ms'], rows)}\n${paragraph(
      `A subscribed ConvexClient is as near as our process tier, in the process that is subscribed. With ${PROCESSES} call processes that is ` +
        `${PROCESSES} sessions (Convex allows 1,000 on Starter, 10,000 on Professional); each agent in use is a function call in each process when it ` +
        `starts, one more in each for every update, and all of them again when sockets are lost; and a process forked for a call begins ` +
        `with the last row. One feed a machine serves all its processes: 1 session, a push an update, and 1,800 probes an hour.`,
    )}`,
  };
}

/** Microseconds count here. */
function fine(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 1 ? value.toFixed(2) : value.toFixed(4);
}
