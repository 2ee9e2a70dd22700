import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { bench } from './bench.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'warmline-forked-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Turn {
  readonly status: number;
  readonly failed: readonly string[];
  readonly metrics: Record<string, number>;
}

async function sabotagedTurn(sabotage: string): Promise<Turn> {
  const file = join(folder, `${sabotage}.json`);
  const { status, output } = await bench('turn', '--quick', '--json', file, '--sabotage', sabotage);
  const failed = [...output.matchAll(/^│ (\S+).*FAILED │$/gmu)].map(([, check]) => check!);
  return { status, failed, metrics: JSON.parse(readFileSync(file, 'utf8')).scenarios.turn };
}

describe('a process per call', () => {
  test.concurrent('notices --sabotage no-host: what another process has spoken is spoken again', async () => {
    const { status, failed } = await sabotagedTurn('no-host');
    expect(status).toBe(1);
    expect(failed).toEqual(
      expect.arrayContaining(['forked.spoken_again', 'forked_billed_chars', 'first_audio_ms.host_hit.n']),
    );
  });

  test.concurrent('notices --sabotage no-permits, which leaves the rest as it is', async () => {
    const { status, failed, metrics } = await sabotagedTurn('no-permits');
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
