import { createPhraseCache } from '@warmline/tts-cache';
import type { SarvamPool } from '@warmline/tts-sarvam';
import { speakDialogue } from '../../call/call.ts';
import type { SimulatorProcess } from '../../call/simulator-process.ts';
import type { Dialogue } from '../../workload/dialogue.ts';
import { cachedVoice } from '../phases.ts';
import { FORKED_PACE, REFERENCE_SPEAKER } from './voices.ts';
import { FollowedLedger } from './followed-ledger.ts';

/**
 * The same calls one after the other through one cache that all of them share, in this process: the bill that processes with
 * a host tier are held against.
 * @returns characters by the provider's ledger, of either series of calls.
 */
export async function billOfOneSharedCache(
  simulator: SimulatorProcess,
  pool: SarvamPool,
  ...series: readonly [readonly Dialogue[], readonly Dialogue[]]
): Promise<readonly [number, number]> {
  const ledger = await FollowedLedger.begin(simulator, REFERENCE_SPEAKER);
  const cache = createPhraseCache();
  const openVoice = cachedVoice(simulator.url, pool, cache, REFERENCE_SPEAKER);
  const closing: Promise<void>[] = [];
  const speak = async (dialogues: readonly Dialogue[]): Promise<number> => {
    for (const dialogue of dialogues) {
      const call = await speakDialogue(dialogue, openVoice(dialogue), FORKED_PACE);
      await call.turns;
      closing.push(call.closed);
    }
    return (await ledger.next()).chars;
  };
  const chars = [await speak(series[0]), await speak(series[1])] as const;
  await Promise.all(closing);
  await cache.close();
  return chars;
}
