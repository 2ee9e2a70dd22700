import { systemClock } from '@warmline/cache-core';
import type { Redis } from 'ioredis';
import { CacheFault, faultOf } from './fault.ts';
import type { Gate } from './gate.ts';
import type { Namespace } from './namespace.ts';

/** Keys that Redis looks at in one step: some tenths of a millisecond, in which it serves nobody else. */
const STEP = 1_000;

/** What was removed, and what kept it from being all. */
export interface Removed {
  readonly count: number;
  readonly fault: CacheFault | undefined;
}

/** @see removePattern */
export interface PatternCall {
  readonly gate: Gate;
  readonly namespace: Namespace;
  readonly glob: unknown;
  /** Whether what it finds is written over the connection for large values. */
  readonly isLarge: boolean;
  readonly timeoutMs: number;
}

/**
 * Removes the keys of a namespace that a glob finds, on all masters, in steps that do not hold Redis up: `SCAN`, and `UNLINK` of
 * what each step finds. Keys that are there all the time are found; one that is written meanwhile may be or not.
 */
export async function removePattern({ glob, timeoutMs, ...call }: PatternCall): Promise<Removed> {
  let masters: readonly Redis[];
  let pattern: string;
  try {
    pattern = call.namespace.patternOf(glob);
    masters = await call.gate.run({ work: async (link) => link.masters(), whenLeftOut: 'wait' });
  } catch (error) {
    return { count: 0, fault: faultOf(error) };
  }
  const untilMs = systemClock.now() + timeoutMs;
  const parts = await Promise.all(masters.map((master) => removeFrom({ ...call, master, pattern, untilMs })));
  return { count: parts.reduce((sum, { count }) => sum + count, 0), fault: parts.find(({ fault }) => fault)?.fault };
}

interface MasterCall extends Omit<PatternCall, 'glob' | 'timeoutMs'> {
  readonly master: Redis;
  readonly pattern: string;
  readonly untilMs: number;
}

async function removeFrom({ master, gate, namespace, isLarge, pattern, untilMs }: MasterCall): Promise<Removed> {
  let count = 0;
  try {
    let cursor: string = '0';
    do {
      if (systemClock.now() > untilMs) throw new CacheFault('timeout');
      const from = cursor;
      const step = (): Promise<[Buffer, Buffer[]]> => master.scanBuffer(from, 'MATCH', pattern, 'COUNT', STEP);
      const [next, found] = await gate.run({ work: step, whenLeftOut: 'wait' });
      cursor = next.toString();
      // The pattern begins with the namespace; that nothing else is removed shall not depend on it alone.
      const own = found.filter((name) => namespace.owns(name));
      if (own.length > 0) count += await countKeys(gate, 'UNLINK', own, isLarge);
    } while (cursor !== '0');
    return { count, fault: undefined };
  } catch (error) {
    return { count, fault: faultOf(error) };
  }
}

/** How many of the keys a command was true of. A Cluster takes keys of several slots only one by one. @throws CacheFault */
export async function countKeys(
  gate: Gate,
  command: 'UNLINK' | 'EXISTS',
  names: readonly (string | Buffer)[],
  isLarge: boolean,
): Promise<number> {
  return gate.run({
    isLarge,
    whenLeftOut: command === 'UNLINK' ? 'send' : 'skip',
    work: async (link) => {
      const groups = link.isCluster ? names.map((name) => [name]) : [names];
      const counts = await Promise.all(groups.map((group) => link.call(command, group)));
      return counts.reduce<number>((sum, count) => sum + Number(count), 0);
    },
  });
}
