import { resolve } from 'node:path';
import type { Command } from 'commander';
import { readLogs } from '../observe/log-directory.ts';
import { formatReport } from '../observe/report.ts';
import { UsageError } from '../observe/usage-error.ts';

interface ReportFlags {
  readonly json?: true;
  readonly price?: string;
  readonly currency: string;
}

const USAGE = 2;

/**
 * Adds `report [DIR...]`: what caching would have saved, by what was observed. Wrong usage ends with exit status 2.
 * @param directory read when none is named. @default none
 */
export function addReportCommand(program: Command, directory?: string): void {
  const command = program
    .command('report')
    .description("Prints what caching would have saved, from what was written in mode 'observe'.")
    .argument('[dir...]', `where the observations are${directory === undefined ? '' : ` (default: ${directory})`}`)
    .option('--json', 'print the forecast as JSON')
    .option('--price <per-thousand-chars>', 'what your provider charges for 1,000 characters (default: its list price)')
    .option('--currency <code>', 'currency of --price', 'USD');
  command.action(async (named: readonly string[], flags: ReportFlags) => {
    try {
      const given = named.length === 0 && directory !== undefined ? [directory] : named;
      command.configureOutput().writeOut?.(await report(given, flags));
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      command.error(`report: ${error.message}`, { exitCode: USAGE });
    }
  });
}

async function report(given: readonly string[], { json, price, currency }: ReportFlags): Promise<string> {
  // Named twice, a directory would be its own repetition.
  const directories = [...new Set(given.map((each) => resolve(each)))];
  if (directories.length === 0) throw new UsageError('name the directory with the observations');
  const own = price === undefined ? undefined : { currency, perThousandChars: readPrice(price) };
  const { observations, ...source } = await readLogs(directories);
  // Knows prices, and so loads LiveKit, which takes a second: not for wrong usage.
  const { forecast } = await import('../observe/forecast.ts');
  const result = forecast(observations, own && { price: own });
  if (json !== true) return formatReport(result, { ...source, directories });
  const { secretIds, unreadable } = source;
  return `${JSON.stringify({ ...result, directories, secrets: secretIds.size, unreadable }, undefined, 2)}\n`;
}

function readPrice(text: string): number {
  const price = Number(text);
  if (text.trim() === '' || !Number.isFinite(price) || price < 0) {
    throw new UsageError(`--price must be a number of at least 0, got '${text}'`);
  }
  return price;
}
