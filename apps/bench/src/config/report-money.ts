import type { ScenarioResult } from '../scenario.ts';
import { table } from '../tables.ts';
import { paragraph } from './paragraph.ts';
import { billOf, LOADS, PRICES } from './money.ts';

/** @param calls by the ledger, with two machines */
export function moneySection(calls: {
  readonly gets: number;
  readonly pushes: number;
}): ScenarioResult['sections'][number] {
  const bills = LOADS.map((load) => billOf(load, { getsAnUpdate: calls.gets, pushesAnUpdate: calls.pushes }));
  return {
    title: paragraph(
      'Function calls of Convex in 30 days, thousands; 7 reads of a config a call. Modelled from the rates of this run: ' +
        `${calls.gets.toFixed(2)} gets and ${calls.pushes.toFixed(2)} pushes an update of two machines. Dollars by published prices beyond what is included ($${PRICES.aMillionCalls} a million calls).`,
    ),
    body: `${table(
      [
        'calls a day',
        'machines',
        'agents',
        'profile',
        'without',
        'with: all',
        'gets',
        'pushes',
        'probes',
        '$ saved',
        '$ I/O',
      ],
      bills.map(({ load, withoutCache, withCache, gets, pushes, probes, savedDollars, databaseDollars }) => [
        load.callsADay,
        load.machines,
        load.agents,
        load.profile,
        ...[withoutCache, withCache, gets, pushes, probes].map(thousands),
        savedDollars.toFixed(2),
        databaseDollars.toFixed(2),
      ]),
    )}\n${paragraph(
      `Without: each read is a call, and Convex bills it whether its own cache answers or not; what that cache saves is the reading of the ` +
        `database, so that the dollars of I/O are paid by neither. With: a config is asked for again after its ttl (low 1 min, high 5 min), and ` +
        `each machine proves every 2 s that its feed is open, which is a call, too. Where calls are few the probes cost more than is saved: ` +
        `this cache is for time and for outages. Not in it: what is included in a plan, and what prompts cost (same trip).`,
    )}`,
  };
}

function thousands(count: number): string {
  return (count / 1000).toFixed(0);
}
