import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'warmline-bench-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the bench as built. */
export function bench(...args: string[]): { status: number | null; output: string } {
  const run = spawnSync(process.execPath, ['apps/bench/dist/main.js', ...args], { encoding: 'utf8', timeout: 170_000 });
  return { status: run.status, output: run.stdout + run.stderr };
}

/** What a scenario has found; all its checks must hold. */
export function metricsOf(scenario: string): Record<string, number> {
  const file = join(folder, `${scenario}.json`);
  const { status, output } = bench(scenario, '--quick', '--json', file);
  expect(output).toContain('All checks hold.');
  expect(status).toBe(0);
  return JSON.parse(readFileSync(file, 'utf8')).scenarios[scenario];
}
