import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { bench, noticesEach } from './bench.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'warmline-bench-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('turn', () => {
  test('holds all its checks and writes its metrics', async () => {
    const file = join(folder, 'turn.json');
    const { status, output } = await bench('turn', '--quick', '--json', file);
    expect(output).toContain('All checks hold.');
    expect(status).toBe(0);
    const { environment, scenarios } = JSON.parse(readFileSync(file, 'utf8'));
    expect(environment).toMatchObject({ node: process.version, overrides: { turn: { playback_speed: 40 } } });
    expect(scenarios.turn).toMatchObject({ audio_mismatches: 0, order_violations: 0, truncated_stored: 0 });
    expect(scenarios.turn.sentences_compared).toBeGreaterThanOrEqual(200);
  });

  noticesEach(
    'turn',
    [
      ['flip-byte', /audio_mismatches.*FAILED/u],
      ['swap', /order_violations.*FAILED/u],
      ['truncate', /truncated_stored.*FAILED/u],
    ],
    '--quick',
  );
});

describe('faults', () => {
  test.concurrent('holds all its checks', async () => {
    const { status, output } = await bench('faults');
    expect(output).toContain('All checks hold.');
    expect(status).toBe(0);
  });

  noticesEach('faults', [['truncate', /incomplete_stored.*FAILED/u]]);
});

describe('wrong usage exits 2 and says what is allowed', () => {
  test.each([
    [['nothing'], /unknown scenario 'nothing'; there are: turn, faults/u],
    [['--sabotage', 'x'], /unknown sabotage 'x'; there are: turn: flip-byte, swap, truncate/u],
    [['--data', '/nowhere'], /--data \/nowhere: ENOENT/u],
    [['--data', folder], /no file named agent-turns-\*\.jsonl/u],
    [['--seed', 'x'], /'x' is not a whole number/u],
    [['--colour'], /unknown option '--colour'/u],
  ])('%j', async (args, message) => {
    const { status, output } = await bench(...args);
    expect(output).toMatch(message);
    expect(status).toBe(2);
  });
});
