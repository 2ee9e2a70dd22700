import { sum } from '../sum.ts';
import type { Verdict } from './judge.ts';
import { together } from './judge.ts';
import type { ConfigMeasurement } from './measurement.ts';
import type { CutResult } from './part-cut.ts';
import type { Sharing } from './part-start.ts';
import type { UpdateResult } from './part-update.ts';

/** What all updates of a run come to, or those of one kind of machines. */
export interface UpdateTotals {
  readonly updates: number;
  readonly configs: Verdict;
  readonly prompts: Verdict;
  readonly lasting: { readonly configs: Verdict; readonly prompts: Verdict };
  readonly byClock: { readonly configs: Verdict; readonly prompts: Verdict };
  readonly failed: number;
  readonly failures: readonly string[];
  readonly lastGoodEvents: number;
}

export function updateTotals(results: readonly UpdateResult[]): UpdateTotals {
  return {
    updates: sum(results.map(({ updates }) => updates.length)),
    configs: together(results.map(({ configs }) => configs)),
    prompts: together(results.map(({ prompts }) => prompts)),
    lasting: {
      configs: together(results.map(({ lasting }) => lasting.configs)),
      prompts: together(results.map(({ lasting }) => lasting.prompts)),
    },
    byClock: {
      configs: together(results.map(({ byClock }) => byClock.configs)),
      prompts: together(results.map(({ byClock }) => byClock.prompts)),
    },
    failed: sum(results.map(({ failed }) => failed)),
    lastGoodEvents: sum(results.map((each) => each.lastGoodEvents)),
    failures: [...new Set(results.flatMap(({ failures }) => failures))],
  };
}

/** Of every round: `agents:get` by the ledger, for each agent and, where machines share nothing, each machine. */
export function getsPerAgent({ starts }: ConfigMeasurement, sharing: Sharing): number[] {
  const machines = sharing === 'host' ? 2 : 1;
  return starts.filter((round) => round.sharing === sharing).map(({ gets, agents }) => gets / (agents * machines));
}

export function cutsOf({ cuts }: ConfigMeasurement, how: CutResult['how']): readonly CutResult[] {
  return cuts.filter((cut) => cut.how === how);
}

/** Calls of functions that one update causes, by the ledger: two machines, twenty agents, all of them read all the time. */
export function callsAnUpdate(results: readonly UpdateResult[]): { readonly gets: number; readonly pushes: number } {
  const updates = sum(results.map((result) => result.updates.length));
  return {
    gets: sum(results.map(({ gets }) => gets.queries)) / updates,
    pushes: sum(results.map(({ pushes }) => pushes.updates)) / updates,
  };
}
