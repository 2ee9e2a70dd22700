import { distribution } from '../distribution.ts';
import type { Distribution, Metrics, ScenarioResult } from '../scenario.ts';
import { DISTRIBUTION_HEAD, distributionCells, percent, table } from '../tables.ts';
import type { Campaign } from './campaign.ts';
import { insideOf, leaseLosses, loadLeaseLosses } from './checks.ts';
import { STAGE } from './stage.ts';
import type { State } from './state-file.ts';

type Section = ScenarioResult['sections'][number];

/** The campaign for machines. */
export function metricsOf(c: Campaign): Metrics {
  const { counts, damage, permits } = c;
  const metrics: Record<string, number | Distribution> = {
    kills: c.kills.length,
    kills_inside: insideOf(c),
    kills_inside_share: insideOf(c) / c.kills.length,
    operations: counts.operations,
    values_compared: counts.valuesCompared,
    corrupt_served: counts.corrupt,
    host_hits: counts.hostHits,
    loads: counts.loads,
    damaged_frames: damage.damaged,
    damaged_served: damage.served,
    frame_faults: counts.faults,
    hangs: counts.hangs + c.unended,
    failed: counts.failed,
    refused: counts.refused,
    tier_errors: counts.tierErrors,
    tier_timeouts: counts.tierTimeouts,
    sweeps: counts.sweeps,
    permits_held: permits.held,
    permits_peak: permits.peak,
    file_bytes: Math.max(...c.sizes.map(({ fileBytes }) => fileBytes)),
    used_bytes: Math.max(...c.sizes.map(({ usedBytes }) => usedBytes)),
    max_bytes: STAGE.maxBytes,
    bytes_written: counts.bytesWritten,
    unopened: c.unopened.length,
    lost_tiers: counts.lostTiers,
  };
  for (const { name, ms } of lossesOf(c)) metrics[name] = distribution(ms);
  return metrics;
}

/** The campaign for people. */
export function sectionsOf(c: Campaign): Section[] {
  return [killSection(c), workSection(c), lossSection(c), sizeSection(c)];
}

function killSection({ kills }: Campaign): Section {
  const row = (what: string, isSo: (state: State) => boolean): (string | number)[] => {
    const count = kills.filter(({ state }) => isSo(state)).length;
    return [what, count, percent(count, kills.length)];
  };
  return {
    title:
      'What the processes were in the middle of when they were killed (kill -9), from the files in which they write it down.',
    body: table(
      ['', 'kills', 'share'],
      [
        ['all', kills.length, ''],
        row('inside a write, or with a lease', ({ writes, loading, lease }) => writes > 0 || loading > 0 || lease > 0),
        row('inside a write of the host tier', ({ writes }) => writes > 0),
        row('loading, with the lease of a key', ({ loading }) => loading > 0),
        row('with the lease of their place', ({ lease }) => lease > 0),
        row('with permits of the common account', ({ permits }) => permits > 0),
        row('keeper of the machine', ({ keeper }) => keeper > 0),
      ],
    ),
  };
}

function workSection({ counts, damage, unended }: Campaign): Section {
  return {
    title:
      'What all processes did meanwhile. Every value carries a checksum of its content and its key; compared is what somebody else stored.\n' +
      'Damaged: one bit flipped in a stored frame, then read in another process. Refused: the tier said that it is full or behind.',
    body: table(
      [
        'operations',
        'compared',
        'corrupt',
        'from the file',
        'loads',
        'hangs',
        'rejected',
        'refused',
        'tier errors',
        'timeouts',
        'damaged',
        'served',
        'faults',
      ],
      [
        [
          counts.operations,
          counts.valuesCompared,
          counts.corrupt,
          counts.hostHits,
          counts.loads,
          counts.hangs + unended,
          counts.failed,
          counts.refused,
          counts.tierErrors,
          counts.tierTimeouts,
          damage.damaged,
          damage.served,
          counts.faults,
        ],
      ],
    ),
  };
}

function lossSection(c: Campaign): Section {
  return {
    title:
      'What the dead had: from the kill until another process can have it. Nothing may be lost for longer than its term.',
    body: table(
      ['', ...DISTRIBUTION_HEAD, 'term ms'],
      lossesOf(c).map(({ what, ms, termMs }) => [what, ...distributionCells(distribution(ms)), termMs]),
    ),
  };
}

function sizeSection({ sizes, counts, permits }: Campaign): Section {
  const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const [file, used] = [sizes.map(({ fileBytes }) => fileBytes), sizes.map(({ usedBytes }) => usedBytes)];
  return {
    title: 'What was bounded, at most; after every kill.',
    body: table(
      [
        'written',
        'maxBytes',
        'in use',
        'file',
        'file at the end',
        'sweeps',
        'permits held',
        'at the same time',
        'limit',
      ],
      [
        [
          mib(counts.bytesWritten),
          mib(STAGE.maxBytes),
          mib(Math.max(...used)),
          mib(Math.max(...file)),
          mib(file.at(-1) ?? 0),
          counts.sweeps,
          permits.held,
          permits.peak,
          STAGE.permits,
        ],
      ],
    ),
  };
}

function lossesOf(c: Campaign): { name: string; what: string; ms: readonly number[]; termMs: number }[] {
  const permits = c.kills.map(({ loss }) => loss.permitMs);
  return [
    { name: 'lease_lost_ms', what: 'lease', ms: leaseLosses(c), termMs: STAGE.leaseMs },
    { name: 'load_lease_lost_ms', what: 'lease of a load', ms: loadLeaseLosses(c), termMs: STAGE.leaseMs },
    { name: 'permit_lost_ms', what: 'permit', ms: permits, termMs: STAGE.permitTermMs },
    { name: 'keeper_lost_ms', what: 'keeper, until the next one says so', ms: c.keeperLostMs, termMs: STAGE.leaseMs },
  ].map((loss) => ({ ...loss, ms: loss.ms.filter((ms) => Number.isFinite(ms)) }));
}
