import type { Command } from 'commander';
import { UsageError } from '../observe/usage-error.ts';
import type { Warmline } from '../warmline.ts';

/** A process's part of the cache that has a host tier. */
export type Machine = Warmline & { readonly host: NonNullable<Warmline['host']> };

/** Which host tier a command looks into. */
export interface MachineFlags {
  readonly scope: string;
  readonly directory?: string;
  readonly name?: string;
  readonly redis?: string;
}

/** Adds the options that choose a host tier; they must be those of the agents. */
export function withMachineOptions(command: Command): Command {
  return command
    .option('--scope <scope>', 'whose entries, as in openWarmline', 'default')
    .option('--directory <dir>', 'folder of the host tiers, as in openWarmline')
    .option('--name <name>', 'which host tier, as in openWarmline')
    .option('--redis <url>', 'the Redis that machines share, as in openWarmline');
}

/** Opens the host tier for a command. @throws UsageError when this machine has none, saying why. */
export async function withMachine<T>(flags: MachineFlags, run: (machine: Machine) => Promise<T>): Promise<T> {
  // Loads LiveKit, which takes a second: not for a command that only prints its usage.
  const { openWarmline } = await import('../warmline.ts');
  let reason = '';
  const { scope, directory, name, redis } = flags;
  const warmline = openWarmline({
    scope,
    ...(directory !== undefined && { directory }),
    ...(name !== undefined && { name }),
    ...(redis !== undefined && { redis }),
    onEvent: (event) => {
      if (event.type === 'host-tier-unavailable') reason = event.error.message;
    },
  });
  try {
    if (!hasHost(warmline)) throw new UsageError(`there is no host tier on this machine: ${reason}`);
    return await run(warmline);
  } finally {
    await warmline.close();
  }
}

function hasHost(warmline: Warmline): warmline is Machine {
  return warmline.host !== undefined;
}
