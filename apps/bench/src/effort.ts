import type { ScenarioContext } from './scenario.ts';

/** How much a scenario does; a sabotaged run does no more than it takes to notice. */
export type Effort = 'quick' | 'normal' | 'full' | 'sabotaged';

export function effortOf({ quick, full, sabotage }: ScenarioContext): Effort {
  if (sabotage !== undefined) return 'sabotaged';
  return quick ? 'quick' : full ? 'full' : 'normal';
}
