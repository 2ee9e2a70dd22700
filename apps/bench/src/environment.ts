import { execFileSync } from 'node:child_process';
import { cpus, loadavg, totalmem } from 'node:os';
import type { Facts } from './scenario.ts';

/** Where and how a result came about, so that another can be compared with it. */
export function describeEnvironment(argv: readonly string[]): Facts {
  return {
    date: new Date().toISOString(),
    commit: git('rev-parse', '--short', 'HEAD'),
    dirty: git('status', '--porcelain') !== '',
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memory_gib: Math.round(totalmem() / 2 ** 30),
    load_average_1m: loadavg()[0] ?? 0,
    command: ['pnpm', 'bench', ...argv].join(' '),
  };
}

function git(...args: string[]): string {
  try {
    return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    // A checkout without git, such as an unpacked archive, can be measured too.
    return 'unknown';
  }
}
