import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'warmline-bench-'));
afterAll(() => rmSync(folder, { recursive: true }));

// A core each. What must not be disturbed is not concurrent.
vi.setConfig({ maxConcurrency: 2 });

/** What a run of the bench has said. */
export interface BenchRun {
  readonly status: number;
  readonly output: string;
}

/** Runs the bench as built. */
export function bench(...args: string[]): Promise<BenchRun> {
  return new Promise((resolve) => {
    const options = { timeout: 170_000, maxBuffer: 2 ** 26 };
    execFile(process.execPath, ['apps/bench/dist/main.js', ...args], options, (error, stdout, stderr) => {
      const status = error === null ? 0 : Number(error.code ?? -1);
      resolve({ status, output: stdout + stderr });
    });
  });
}

/** What a scenario has found; all its checks must hold. */
export async function metricsOf(scenario: string): Promise<Record<string, number>> {
  const file = join(folder, `${scenario}.json`);
  const { status, output } = await bench(scenario, '--quick', '--json', file);
  expect(output).toContain('All checks hold.');
  expect(status).toBe(0);
  return JSON.parse(readFileSync(file, 'utf8')).scenarios[scenario];
}

/** Tests that a scenario notices what is broken on purpose, by what its output must show. */
export function noticesEach(
  scenario: string,
  cases: readonly (readonly [sabotage: string, ...shown: RegExp[]])[],
  ...args: string[]
): void {
  test.concurrent.for(cases)(`${scenario} notices --sabotage %s`, async ([sabotage, ...shown]) => {
    const { status, output } = await bench(scenario, ...args, '--sabotage', sabotage);
    for (const pattern of shown) expect(output).toMatch(pattern);
    expect(status).toBe(1);
  });
}
