import { distribution } from '../distribution.ts';
import type { Target } from '../targets.ts';
import type { Relation } from './allowed.ts';
import { PROMISED_MS, SAME_MACHINE_MS } from './allowed.ts';
import type { Campaign } from './campaign.ts';

/** What G3 promises, with its percentile. */
export function targetsOf({ windows, phases }: Campaign): Target[] {
  const target = (name: string, what: string, samples: readonly number[], atMost: number): Target[] => {
    if (samples.length === 0) return [];
    const { p99, min, max, n } = distribution(samples);
    return [{ name: `${name}.p99`, what, found: { median: p99, min, max, n }, wanted: { atMost } }];
  };
  const beyond = (relation: Relation, phase?: string): number[] =>
    windows
      .filter((window) => window.relation === relation && (phase === undefined || window.phase === phase))
      .map(({ beyondMs }) => beyondMs);
  return [
    ...target('same_machine.beyond_ms', 'same machine', beyond('same_machine'), SAME_MACHINE_MS),
    ...phases.flatMap(({ phase: { name } }) =>
      target(`${name}.beyond_ms`, `other machine, ${name}`, beyond('other_machine', name), PROMISED_MS),
    ),
  ];
}
