import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'warmline-bench-'));
afterAll(() => rmSync(folder, { recursive: true }));

function bench(...args: string[]): { status: number | null; output: string } {
  const run = spawnSync(process.execPath, ['apps/bench/dist/main.js', ...args], { encoding: 'utf8', timeout: 170_000 });
  return { status: run.status, output: run.stdout + run.stderr };
}

describe('turn', () => {
  test('holds all its checks and writes its metrics', () => {
    const file = join(folder, 'turn.json');
    const { status, output } = bench('turn', '--quick', '--json', file);
    expect(output).toContain('All checks hold.');
    expect(status).toBe(0);
    const { environment, scenarios } = JSON.parse(readFileSync(file, 'utf8'));
    expect(environment).toMatchObject({ node: process.version, overrides: { turn: { playback_speed: 40 } } });
    expect(scenarios.turn).toMatchObject({ audio_mismatches: 0, order_violations: 0, truncated_stored: 0 });
    expect(scenarios.turn.sentences_compared).toBeGreaterThanOrEqual(200);
  });

  test.each([
    ['flip-byte', 'audio_mismatches'],
    ['swap', 'order_violations'],
    ['truncate', 'truncated_stored'],
  ])('notices --sabotage %s by %s', (sabotage, check) => {
    const { status, output } = bench('turn', '--quick', '--sabotage', sabotage);
    expect(output).toMatch(new RegExp(`${check}.*FAILED`, 'u'));
    expect(status).toBe(1);
  });
});

describe('faults', () => {
  test('holds all its checks', () => {
    const { status, output } = bench('faults');
    expect(output).toContain('All checks hold.');
    expect(status).toBe(0);
  });

  test('notices --sabotage truncate', () => {
    const { status, output } = bench('faults', '--sabotage', 'truncate');
    expect(output).toMatch(/incomplete_stored.*FAILED/u);
    expect(status).toBe(1);
  });
});

describe('wrong usage exits 2 and says what is allowed', () => {
  test.each([
    [['nothing'], /unknown scenario 'nothing'; there are: turn, faults/u],
    [['--sabotage', 'x'], /unknown sabotage 'x'; there are: turn: flip-byte, swap, truncate/u],
    [['--data', '/nowhere'], /--data \/nowhere: ENOENT/u],
    [['--data', folder], /no file named agent-turns-\*\.jsonl/u],
    [['--seed', 'x'], /'x' is not a whole number/u],
    [['--colour'], /unknown option '--colour'/u],
  ])('%j', (args, message) => {
    const { status, output } = bench(...args);
    expect(output).toMatch(message);
    expect(status).toBe(2);
  });
});
