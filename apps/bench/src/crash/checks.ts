import { atLeast, none } from '../checks.ts';
import type { Check } from '../scenario.ts';
import type { Campaign } from './campaign.ts';
import { STAGE } from './stage.ts';
import { isInside } from './state-file.ts';

/** @see checksOf */
export interface Wanted {
  readonly kills: number;
  readonly valuesCompared: number;
}

const INSIDE_SHARE = 0.5;
/** What the killed counted last is lost, and a read that takes too long is a miss like any other. */
const NOTICED_SHARE = 0.5;
const MIN_PERMITS = 100;
/** A file of LMDB never shrinks: it keeps what was written while a process that was killed, or had to wait, was reading. */
const MAX_FILE_FACTOR = 8;
/** The share of `maxBytes` past which the tier refuses writes, and what is under way then. */
const MAX_USED_FACTOR = 1.5;

/** What must hold, whatever the machine's speed. */
export function checksOf(c: Campaign, wanted: Wanted): Check[] {
  const { counts } = c;
  const leases = [...leaseLosses(c), ...loadLeaseLosses(c)];
  const permits = c.kills.map(({ loss }) => loss.permitMs);
  const fileBytes = Math.max(...c.sizes.map((size) => size.fileBytes));
  const usedBytes = Math.max(...c.sizes.map((size) => size.usedBytes));
  return [
    atLeast('kills', c.kills.length, wanted.kills),
    atLeast('kills_inside', insideOf(c), Math.ceil(INSIDE_SHARE * c.kills.length)),
    atLeast('keepers_killed', c.kills.filter(({ state }) => state.keeper > 0).length, 1),
    atLeast('values_compared', counts.valuesCompared, wanted.valuesCompared),
    none('corrupt_served', counts.corrupt, `of ${counts.valuesCompared} values that were compared`),
    atLeast('damaged_frames', c.damage.damaged, c.kills.length),
    none('damaged_served', c.damage.served, `of ${c.damage.damaged} frames of which a bit was flipped in the file`),
    // Else nobody has looked at them.
    atLeast('damage_noticed', counts.faults, Math.ceil(NOTICED_SHARE * c.damage.damaged)),
    none(
      'hangs',
      counts.hangs + c.unended,
      `of ${counts.operations} operations and ${c.workers - c.kills.length} survivors`,
    ),
    none('failed', counts.failed, `of ${counts.operations} operations rejected`),
    none('unopened', c.unopened.length, `of ${c.workers} workers had no host tier${because(c.unopened)}`),
    none('lost_tiers', counts.lostTiers, `of ${c.workers} workers lost it`),
    within('lease_lost_ms', leases, STAGE.leaseMs),
    within('permit_lost_ms', permits, STAGE.permitTermMs),
    none('permits_missed', counts.missedPermits, `of ${c.workers} workers could not have the permit of their place`),
    atLeast('permits_held', c.permits.held, MIN_PERMITS),
    atMost('permits_peak', c.permits.peak, STAGE.permits),
    // Else the bound was never tried.
    atLeast('sweeps', counts.sweeps, 1),
    atMost('used_bytes', usedBytes, MAX_USED_FACTOR * STAGE.maxBytes),
    atLeast('bytes_written', counts.bytesWritten, MAX_FILE_FACTOR * STAGE.maxBytes),
    atMost('file_bytes', fileBytes, MAX_FILE_FACTOR * STAGE.maxBytes),
  ];
}

/** Processes that were killed inside a write or with a lease. */
export function insideOf({ kills }: Campaign): number {
  return kills.filter(({ state }) => isInside(state)).length;
}

export function leaseLosses({ kills }: Campaign): number[] {
  return kills.flatMap(({ loss }) => loss.leaseMs ?? []);
}

export function loadLeaseLosses({ kills }: Campaign): number[] {
  return kills.flatMap(({ loss }) => loss.loadLeaseMs ?? []);
}

/** A term is no speed: what a dead process held is free when it is over. */
function within(name: string, lostMs: readonly number[], termMs: number): Check {
  const worstMs = Math.max(0, ...lostMs);
  return {
    name,
    holds: lostMs.length > 0 && worstMs <= termMs,
    detail: `${worstMs.toFixed(1)} at worst of ${lostMs.length}, at most its term of ${termMs}`,
  };
}

function atMost(name: string, found: number, most: number): Check {
  return { name, holds: found <= most, detail: `${found}, at most ${most}` };
}

function because([first]: readonly string[]): string {
  const [, message] = /cause\]: (.*)/u.exec(first ?? '') ?? [];
  return first === undefined ? '' : `: ${message ?? first}`;
}
