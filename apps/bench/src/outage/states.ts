import type { Effort } from '../effort.ts';
import { NETWORK_STATES } from './network-states.ts';
import { FAIL_OVER_STATES, RESTART_STATES } from './restart-states.ts';
import type { OutageSabotage } from './sabotage.ts';
import { SERVER_STATES } from './server-states.ts';
import type { OutageState } from './state.ts';

const ORDER = [
  'killed',
  'hung',
  'hung_before_handshake',
  'slow',
  'blackholed',
  'resetting',
  'full',
  'read_only',
  'loading',
  'restarted_empty',
  'restored_snapshot',
] as const;

/** Where each sabotage shows. */
const SHOWS_IN: Readonly<Record<OutageSabotage, readonly (typeof ORDER)[number][]>> = {
  stale: ['killed'],
  'no-stamps': ['restored_snapshot'],
  'old-snapshot': ['restored_snapshot'],
  'no-bus': ['resetting'],
  fail: ['killed'],
  leak: [],
  'no-outage': ['killed'],
};

/** The states of a run, in the order of the report; a sabotaged one plays those in which it must be noticed. */
export function statesOf(effort: Effort, sabotage: OutageSabotage | undefined): readonly OutageState[] {
  const all = [...SERVER_STATES, ...NETWORK_STATES, ...RESTART_STATES];
  const named = (names: readonly string[]): OutageState[] => names.flatMap((name) => all.find((state) => state.name === name) ?? []); // prettier-ignore
  if (sabotage !== undefined) return named(SHOWS_IN[sabotage]);
  return effort === 'full' ? [...named(ORDER), ...FAIL_OVER_STATES] : named(ORDER);
}
