import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'warmline-forked-'));
afterAll(() => rmSync(folder, { recursive: true }));

function turn(...args: string[]): { status: number | null; failed: string[]; metrics: Record<string, number> } {
  const file = join(folder, 'turn.json');
  const run = spawnSync(process.execPath, ['apps/bench/dist/main.js', 'turn', '--quick', '--json', file, ...args], {
    encoding: 'utf8',
    timeout: 170_000,
  });
  const failed = [...run.stdout.matchAll(/^│ (\S+).*FAILED │$/gmu)].map(([, check]) => check!);
  return { status: run.status, failed, metrics: JSON.parse(readFileSync(file, 'utf8')).scenarios.turn };
}

describe('a process per call', () => {
  test('notices --sabotage no-host: what another process has spoken is spoken again', () => {
    const { status, failed } = turn('--sabotage', 'no-host');
    expect(status).toBe(1);
    expect(failed).toEqual(
      expect.arrayContaining(['forked.spoken_again', 'forked_billed_chars', 'first_audio_ms.host_hit.n']),
    );
  });

  test('notices --sabotage no-permits, which leaves the rest as it is', () => {
    const { status, failed, metrics } = turn('--sabotage', 'no-permits');
    expect(status).toBe(1);
    expect(failed).toContain('sockets_100.refused');
    expect(failed.filter((check) => !check.startsWith('sockets_100'))).toEqual([]);
    expect(metrics).toMatchObject({
      'forked.processes': 8,
      'forked.audio_mismatches': 0,
      'forked.sockets.refused': 0,
    });
    expect(metrics['forked.sentences_compared']).toBeGreaterThanOrEqual(80);
    expect(metrics['forked_billed_chars']).toBeLessThan(metrics['billed_chars.no_cache']!);
  });
});
