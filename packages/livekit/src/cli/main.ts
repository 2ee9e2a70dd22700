#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { observationDirectory } from '../observe/observation-directory.ts';
import { addPhrasesCommand } from './phrases-command.ts';
import { addReportCommand } from './report-command.ts';
import { addStatisticsCommand } from './statistics-command.ts';

const USAGE = 2;

const program = new Command('warmline-livekit')
  .description('Looks into the cache of this machine, and says what caching would save.')
  .exitOverride();
addReportCommand(program, observationDirectory());
addPhrasesCommand(program);
addStatisticsCommand(program);
// Subcommands inherit it only when it is set before they are made, and these are made elsewhere.
for (const command of program.commands) command.exitOverride();
try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : USAGE;
}
