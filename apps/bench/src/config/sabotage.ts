import { AgentConfigService } from '@warmline/agent-config';
import type { AgentConfigListener, AgentSource, CachedPrompt } from '@warmline/agent-config';
import type { SharedTier } from '@warmline/cache-core';
import type { HostTier } from '@warmline/cache-lmdb';
import type { Warmline } from '@warmline/livekit';

/**
 * Faults that the scenario's checks must notice. `no-watch`: no machine hears of updates. `no-lease`: every process asks the
 * source for itself. `no-last-good`: what is updated is forgotten. `no-lapse`: a machine believes for ever that it hears.
 * `old-prompt`: prompts are found by agent alone. `no-rebuild`: prompts that are missing stay so.
 */
export const CONFIG_SABOTAGES = [
  'no-watch',
  'no-lease',
  'no-last-good',
  'no-lapse',
  'old-prompt',
  'no-rebuild',
] as const;
export type ConfigSabotage = (typeof CONFIG_SABOTAGES)[number];

/** @returns the sabotage if it is one of this scenario. */
export function configSabotage(name: string | undefined): ConfigSabotage | undefined {
  return CONFIG_SABOTAGES.find((sabotage) => sabotage === name);
}

/** The agents of a call process as the front door opens them, or without what the sabotage takes from them. */
export function openAgents(
  warmline: Warmline,
  options: { readonly source: AgentSource; readonly onEvent?: AgentConfigListener },
  sabotage: ConfigSabotage | undefined,
): AgentConfigService {
  const { host, scope } = warmline;
  if (sabotage === 'old-prompt') return withOldPrompts(warmline.agents(options));
  if (host === undefined) return warmline.agents(options);
  if (sabotage === 'no-lease') return new AgentConfigService({ ...options, scope, tiers: [withoutLease(host)] });
  if (sabotage === 'no-lapse') return new AgentConfigService({ ...options, scope, tiers: [host], watch: () => 'live' });
  return warmline.agents(options);
}

function withOldPrompts(agents: AgentConfigService): AgentConfigService {
  const kept = new Map<string, CachedPrompt | null>();
  const load = agents.getCachedFullPrompt.bind(agents);
  agents.getCachedFullPrompt = async (agentId) => {
    const prompt = kept.get(agentId) ?? (await load(agentId));
    kept.set(agentId, prompt);
    return prompt;
  };
  return agents;
}

function withoutLease(tier: HostTier): SharedTier {
  return {
    name: tier.name,
    journal: tier.journal,
    now: () => tier.now(),
    read: (entries) => tier.read(entries),
    begin: (entry, options) => tier.begin(entry, { ...options, leaseMs: 0 }),
    write: (entry, frame, options) => tier.write(entry, frame, options),
    invalidate: (invalidation) => tier.invalidate(invalidation),
    close: () => tier.close(),
  };
}
