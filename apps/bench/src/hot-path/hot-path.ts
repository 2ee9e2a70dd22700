import { loadavg } from 'node:os';
import type { Facts, Scenario, ScenarioContext, ScenarioResult } from '../scenario.ts';
import { checksOf } from './checks.ts';
import { measureHits } from './hits.ts';
import { measureHungTier } from './hung-tier.ts';
import { isSerialOnRejection } from './known-figures.ts';
import type { HotPathMeasurement } from './measurement.ts';
import { measureMillionKeys } from './million-keys.ts';
import { measureOverhead } from './overhead.ts';
import { PEERS, PEER_ENTRIES } from './peers.ts';
import { reportHotPath } from './report.ts';
import { doubleLoading, HOT_PATH_SABOTAGES, wrongOnce } from './sabotage.ts';
import { warmline } from './subject.ts';
import { buffers, objects } from './values.ts';
import { CALLERS, measureWaiters } from './waiters.ts';

/** How much is done; samples are as long in a quick run, there are fewer. */
interface Effort {
  readonly hitRounds: number;
  readonly warmUpMs: number;
  readonly waiterRounds: number;
  /** Of peers that call a failing loader for each caller, one after another. */
  readonly serialCallers: number;
  readonly repetitions: number;
  readonly keys: number;
  /** Cold keys over a tier that hangs. */
  readonly coldKeys: number;
}

const FULL: Effort = {
  hitRounds: 21,
  warmUpMs: 150,
  waiterRounds: 9,
  serialCallers: CALLERS,
  repetitions: 7,
  keys: 1_000_000,
  coldKeys: 600,
};
const QUICK: Effort = {
  ...FULL,
  hitRounds: 7,
  warmUpMs: 80,
  waiterRounds: 5,
  serialCallers: 100,
  repetitions: 5,
  keys: 200_000,
  coldKeys: 200,
};

/** What a hit, a crowd and an entry cost, beside the libraries that one would use instead. */
export const hotPath: Scenario = {
  name: 'hot-path',
  summary: 'hits, single-flight and memory of the process tier, beside six other caches in the same process',
  byDefault: false,
  sabotages: HOT_PATH_SABOTAGES,
  run,
};

async function run(context: ScenarioContext): Promise<ScenarioResult> {
  const effort = context.quick ? QUICK : FULL;
  const measurement = await measure(context, effort);
  const { millionKeys, overhead } = measurement;
  return {
    ...reportHotPath(measurement),
    checks: checksOf(measurement),
    processes: {
      bench: process.pid,
      million_keys: millionKeys.pid,
      ...Object.fromEntries(overhead.map(({ name, pid }) => [`overhead_${name}`, pid])),
    },
    overrides: overridesOf(effort, millionKeys.maxBytes),
  };
}

async function measure({ progress, sabotage }: ScenarioContext, effort: Effort): Promise<HotPathMeasurement> {
  const before = loadavg()[0] ?? 0;
  const found = sabotage === 'wrong-value' ? wrongOnce(warmline) : warmline;
  const hits = await measureHits([found, ...PEERS], [objects, buffers], {
    rounds: effort.hitRounds,
    warmUpMs: effort.warmUpMs,
    progress,
  });
  const joined = sabotage === 'double-load' ? doubleLoading(warmline) : warmline;
  // How bentocache keeps its values makes no difference to how it lets callers wait, which takes it ten seconds.
  const waiting = PEERS.filter(({ name }) => name !== 'bentocache_unserialized');
  const waiters = await measureWaiters([joined, ...waiting], {
    rounds: effort.waiterRounds,
    serial: { rounds: 1, callers: effort.serialCallers, isSerial: isSerialOnRejection },
    progress,
  });
  progress.update('hot-path · a tier that hangs');
  const hungTier = await measureHungTier(effort.coldKeys);
  const after = loadavg()[0] ?? 0;
  progress.update('hot-path · memory');
  // Together: nothing in them is timed, and there are two cores at least.
  const [overhead, millionKeys] = await Promise.all([
    measureOverhead(effort.repetitions),
    measureMillionKeys(effort.keys),
  ]);
  return { hits, waiters, overhead, millionKeys, hungTier, loadAverage: { before, after } };
}

function overridesOf(effort: Effort, maxBytes: number): Facts {
  return {
    peer_max_entries: PEER_ENTRIES,
    peer_ttl_ms: 3_600_000,
    million_keys_max_bytes: maxBytes,
    million_keys: effort.keys,
    waiters_serial_peer_callers: effort.serialCallers,
    buffer_codec: 'bytesCodec',
  };
}
