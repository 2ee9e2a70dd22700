import { HostModel } from './host-model.ts';
import type { LoggedObservation } from './logged-observation.ts';
import { ReplyModel } from './reply-model.ts';

/** Time to live of a phrase in the host tier, in milliseconds: the default of `createPhraseCache`. */
export const HOST_TTL_MS: number = 24 * 3_600_000;

/** A sentence, and whether a cache would have had it. */
export interface Replayed {
  readonly observation: LoggedObservation;
  readonly hit: boolean;
}

/**
 * Plays observations, in any order, through a model of the default composition, and yields the sentences that it would have
 * spoken, in the order in which they were looked for.
 */
export function replay(observations: readonly LoggedObservation[], ttlMs: number = HOST_TTL_MS): Replayed[] {
  const host = new HostModel(ttlMs);
  const replies = new Map<string, ReplyModel>();
  const inOrder = observations.filter(({ speakable }) => speakable).toSorted((a, b) => a.startedAtMs - b.startedAtMs);
  return inOrder.flatMap((observation) => {
    const name = `${observation.call} ${observation.reply}`;
    const reply = replies.get(name) ?? new ReplyModel();
    replies.set(name, reply);
    const hit = host.has(observation);
    const { reached, whole } = reply.meet(observation, hit);
    if (!hit && observation.interruption === undefined) host.store(observation);
    for (const sentence of whole) host.store(sentence);
    return reached ? [{ observation, hit }] : [];
  });
}
