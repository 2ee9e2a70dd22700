/** How a warming ended. */
export interface WarmedAgents {
  /** Agents that are in the caches now, those that were before included. */
  readonly ready: number;
  /** Those that do not exist or could not be loaded. */
  readonly failed: number;
}

/** Agents that are loaded at the same time. */
const CONCURRENCY = 4;

/** @param load resolves to whether there is such an agent. */
export async function warmAgents(
  agentIds: Iterable<string>,
  load: (agentId: string) => Promise<boolean>,
): Promise<WarmedAgents> {
  const waiting = [...new Set(agentIds)];
  const count = waiting.length;
  let ready = 0;
  const work = async (): Promise<void> => {
    for (let agentId = waiting.shift(); agentId !== undefined; agentId = waiting.shift()) {
      // Why one failed is told by the load's own events.
      if (await load(agentId).catch(() => false)) ready++;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return { ready, failed: count - ready };
}
