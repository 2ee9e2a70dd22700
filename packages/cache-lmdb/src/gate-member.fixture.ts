import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { hostNow, pause, standStill } from './clock.ts';
import { Gate } from './gate.ts';
import { serve } from './machine.fixture.ts';

/** When a process was inside: `begin, end, begin, end, ...` in milliseconds of the machine. */
export type Stays = Float64Array;

let gate: Gate | undefined;

/** Straight from the machine's clock: to the microsecond the same in all processes. */
function stamp(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

function gateOf(directory: string): Gate {
  mkdirSync(join(directory, 'writing'), { recursive: true });
  mkdirSync(join(directory, 'opening'), { recursive: true });
  return (gate ??= new Gate(directory));
}

/** A process that goes through the gate without any file behind it. */
serve({
  join: (directory: string) => void gateOf(directory),
  open: async (directory: string, forMs: number): Promise<Stays> => {
    const stays: number[] = [];
    const untilMs = hostNow() + forMs;
    while (hostNow() < untilMs) {
      Gate.whileNobodyWrites(directory, () => {
        stays.push(stamp());
        // Opening takes a while, and now and then the process is not scheduled.
        standStill(stays.length % 20 === 1 ? 2 : 0.2);
        stays.push(stamp());
      });
      await pause((stays.length / 2) % 3);
    }
    return Float64Array.from(stays);
  },
  write: async (directory: string, forMs: number): Promise<Stays> => {
    const own = gateOf(directory);
    const stays: number[] = [];
    const untilMs = hostNow() + forMs;
    // Two at a time, as the calls of one process come.
    const lane = async (): Promise<void> => {
      while (hostNow() < untilMs) {
        await own.enter();
        const fromMs = stamp();
        await turn();
        stays.push(fromMs, stamp());
        own.leave();
        await turn();
      }
    };
    await Promise.all([lane(), lane()]);
    return Float64Array.from(stays);
  },
  /** Inside for ever: as a writer that is stopped, or killed, in the middle of its commit. */
  enter: (directory: string) => gateOf(directory).enter(),
  /** Stops itself while it opens. Answers when it has gone on. */
  stopOpening: (directory: string) => {
    Gate.whileNobodyWrites(directory, () => void process.kill(process.pid, 'SIGSTOP'));
  },
});
