import type { Check } from '../scenario.ts';
import { totalOf } from './billing.ts';
import type { Billing } from './billing.ts';
import { billedOf, firstAudioMs, socketsOf } from './measurement.ts';
import type { TurnMeasurement } from './measurement.ts';

const MIN_COMPARED = 200;
const MIN_FIRST_HITS = 200;
const MIN_UTTERANCES_A_SOCKET = 50;

/** What must hold, whatever the machine's speed. */
export function checksOf(m: TurnMeasurement, quick: boolean): Check[] {
  const { comparison: c, sharedBill } = m;
  const sockets = socketsOf(m);
  const billed = billedOf(m);
  const hits = firstAudioMs([...m.cold.calls, ...m.warm.calls].flat(), 'stored').length;
  const zero = (name: string, value: number): Check => ({
    name,
    holds: value === 0,
    detail: `${value} of ${c.compared}`,
  });
  return [
    atLeast('sentences_compared', c.compared, MIN_COMPARED),
    zero('audio_mismatches', c.mismatches),
    zero('order_violations', c.orderViolations),
    zero('truncated_stored', c.truncatedStored),
    zero('unheard_sentences', c.unheard),
    zero('stray_bytes', c.strayBytes),
    atLeast('first_audio_ms.hit.n', hits, quick ? MIN_FIRST_HITS / 4 : MIN_FIRST_HITS),
    explained('billed_chars', billed.shared, sharedBill),
    explained('billed_chars.cache_per_call', billed.own, m.ownBill),
    {
      name: 're-billed only after eviction',
      holds: sharedBill.rebilledSentences <= m.evictions,
      detail: `${sharedBill.rebilledSentences} sentences, ${m.evictions} evictions`,
    },
    { name: 'sockets.peak', holds: sockets.peak <= m.poolCap, detail: `${sockets.peak}, at most ${m.poolCap}` },
    atLeast('sockets.utterances_a_socket', sockets.utterancesEach, MIN_UTTERANCES_A_SOCKET),
    { name: 'sockets.refused', holds: sockets.refused === 0, detail: `${sockets.refused}` },
  ];
}

function atLeast(name: string, value: number, least: number): Check {
  return { name, holds: value >= least, detail: `${value}, at least ${least}` };
}

function explained(name: string, ledgerChars: number, bill: Billing): Check {
  const { distinctAdmitted, nonAdmitted, rebilled } = bill;
  return {
    name,
    holds: ledgerChars === totalOf(bill),
    detail: `${ledgerChars} = ${distinctAdmitted} distinct + ${nonAdmitted} not admitted + ${rebilled} re-billed`,
  };
}
