import type { Command } from 'commander';
import { textTable } from '../observe/text-table.ts';
import { UsageError } from '../observe/usage-error.ts';
import type { MachineFlags } from './machine.ts';
import { withMachine, withMachineOptions } from './machine.ts';

const USAGE = 2;

/** Adds `statistics`: what all processes of this machine have counted. */
export function addStatisticsCommand(program: Command): void {
  const command = withMachineOptions(
    program.command('statistics').description('What all calls of this machine have counted, ended ones included.'),
  ).option('--json', 'print it as JSON');
  command.action(async (flags: MachineFlags & { readonly json?: true }) => {
    try {
      await withMachine(flags, async (machine) => {
        const statistics = machine.statistics();
        const total = Object.entries(statistics?.total ?? {}).toSorted(([one], [other]) => one.localeCompare(other));
        const running = statistics?.processes.size ?? 0;
        const text = flags.json
          ? JSON.stringify({ total: Object.fromEntries(total), running }, undefined, 2)
          : `${total.length === 0 ? 'nothing was counted yet' : textTable(total.map(([name, count]) => [name, count.toLocaleString('en')]))}\n${running} processes are running`;
        command.configureOutput().writeOut?.(`${text}\n`);
      });
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      command.error(`statistics: ${error.message}`, { exitCode: USAGE });
    }
  });
}
