import { atLeast, none } from '../../checks.ts';
import { distribution } from '../../distribution.ts';
import { ratioOf, spreadOf } from '../../hot-path/statistics.ts';
import type { Check, Distribution, Metrics, ScenarioResult } from '../../scenario.ts';
import { sum } from '../../sum.ts';
import { table } from '../../tables.ts';
import type { Target } from '../../targets.ts';
import { digits, spreadCells } from '../../targets.ts';
import type { ClusterReads } from './reads.ts';
import { clusterWayOf } from './reads.ts';

const MIN_ROUNDS = 5;
const HEADER_BYTES = 64;
const TAG_BYTES = 12;

/** What must hold, whatever the machine's speed. */
export function clusterChecks({ sizes }: ClusterReads): Check[] {
  const ways = sizes.flatMap((each) => each.ways);
  const most = Math.max(...sizes.map(({ overheadBytes }) => overheadBytes));
  const mostOfTags = Math.max(...sizes.map(({ overheadOfThreeTagsBytes }) => overheadOfThreeTagsBytes));
  return [
    none(
      'cluster_reads.mismatched',
      sum(ways.map(({ mismatched }) => mismatched)),
      `of ${sum(ways.map(({ compared }) => compared))} values, byte by byte`,
    ),
    atLeast('cluster_reads.rounds', Math.min(...ways.map(({ us }) => us.length)), MIN_ROUNDS),
    atMost('stored_overhead_bytes', most, HEADER_BYTES),
    atMost('stored_overhead_bytes.three_tags', mostOfTags, HEADER_BYTES + 3 * TAG_BYTES),
  ];
}

export function clusterMetrics({ sizes }: ClusterReads): Metrics {
  const metrics: Record<string, number | Distribution> = {};
  for (const { size, ways, overheadBytes } of sizes) {
    metrics[`stored_overhead_bytes.${size.name}`] = overheadBytes;
    for (const way of ways) {
      metrics[`cluster_read_cpu_us.${size.name}.${way.name}`] = distribution(way.cpuUs);
      metrics[`cluster_read_us.${size.name}.${way.name}`] = distribution(way.us);
      metrics[`event_loop_lag_ms.cluster_read.${size.name}.${way.name}`] = way.lagMs;
    }
  }
  return metrics;
}

export function clusterTargets(reads: ClusterReads): Target[] {
  const target = (size: '5kb' | '150kb', limit: number): Target => ({
    name: `cluster_read_cpu_ratio.${size}`,
    what: `${size}, client CPU of tier.read and frame checksum : getBuffer of ioredis`,
    found: ratioOf(
      clusterWayOf(reads, size, 'tier_read_decoded').cpuUs,
      clusterWayOf(reads, size, 'ioredis_get_buffer').cpuUs,
    ),
    wanted: { atMost: limit },
  });
  return [target('5kb', 1.5), target('150kb', 1.25)];
}

export function clusterSection({ sizes, server, pid }: ClusterReads): ScenarioResult['sections'][number] {
  return {
    title:
      `A read from Redis (${server}, pid ${pid}, on loopback), one after another, all ways in turn, round by round. CPU: of the reading process.\n` +
      'tier_read: value and stamps; cache_get: with an empty process tier; peers keep JSON, so their bytes are base64.\n' +
      `Stored beyond the payload: ${sizes.map(({ overheadBytes }) => overheadBytes).join(', ')} bytes, with three tags ${sizes.map(({ overheadOfThreeTagsBytes }) => overheadOfThreeTagsBytes).join(', ')}.`,
    body: table(
      ['', 'CPU us a read', 'min..max', 'rounds', 'us a read', 'reads', 'lag max ms'],
      sizes.flatMap(({ size, ways }) =>
        ways.map((way) => [
          `${size.name} ${way.name}`,
          ...spreadCells(spreadOf(way.cpuUs)),
          digits(spreadOf(way.us).median),
          way.reads.toLocaleString('en'),
          digits(way.lagMs.max),
        ]),
      ),
    ),
  };
}

function atMost(name: string, found: number, limit: number): Check {
  return { name, holds: found <= limit, detail: `${found}, at most ${limit}` };
}
