import { setTimeout as sleep } from 'node:timers/promises';
import { buildPrompt } from '@warmline/agent-config';
import type { AgentConfigService, AgentConfigStats } from '@warmline/agent-config';
import { convexAgentSource } from '@warmline/agent-config/convex-client';
import { openWarmline } from '@warmline/livekit';
import type { Warmline } from '@warmline/livekit';
import { monotonicMs } from '../processes/monotonic.ts';
import { Lag } from '../staleness/lag.ts';
import type { SourceRead } from './counted-source.ts';
import { CountedSource } from './counted-source.ts';
import { editionOf } from './edition.ts';
import type { Place } from './place.ts';
import { warmlineOptions } from './place.ts';
import { Reading } from './reading.ts';
import type { Served } from './reading.ts';
import { openAgents } from './sabotage.ts';

/** A part of a start: the clients of one process. */
export interface StartPart {
  readonly agentIds: readonly string[];
  readonly clients: number;
  readonly startAtMs: number;
}

/** What became of it. */
export interface StartAnswer {
  /** From the barrier to a client's first config, one each. */
  readonly firstConfigMs: readonly number[];
  /** Of all clients and agents: config and prompt, both right. */
  readonly right: number;
  readonly wrong: number;
  readonly reads: readonly SourceRead[];
  readonly lagMs: number;
}

/** What a call gets of an agent while its source may be away. */
export interface FirstAnswer {
  /** From the call to the config; and from there to the prompt. */
  readonly configMs: number;
  readonly promptMs: number;
  /** `undefined`: there was none. */
  readonly configEdition: number | undefined;
  readonly promptEdition: number | undefined;
  /** Events that said that the last good config is served. */
  readonly lastGoodEvents: number;
}

/** One process's part of the timeline of an update; times on the clock that all processes share. */
export interface FirstNew {
  readonly lastOldMs: number;
  readonly startedMs: number;
  readonly endedMs: number;
  readonly reads: readonly SourceRead[];
}

/** What a process with calls can be asked. */
export interface CallCalls {
  /** Closes what was open before. */
  open(input: Place): Promise<{ readonly directory: string }>;
  start(input: StartPart): Promise<StartAnswer>;
  /** Loads all before they are needed. @throws Error when one could not be. */
  warm(input: { readonly agentIds: readonly string[] }): Promise<void>;
  beginReading(input: { readonly agentIds: readonly string[]; readonly everyMs: number }): void;
  endReading(input: object): Promise<Served>;
  first(input: { readonly agentId: string }): Promise<FirstAnswer>;
  /** Asks for the prompts of all, one after another. */
  prompts(input: { readonly agentIds: readonly string[] }): Promise<AgentConfigStats['sources']>;
  untilNew(input: { readonly agentId: string; readonly edition: number }): Promise<FirstNew>;
}

/** Agents that a client asks for at the same time. */
export const ABREAST = 5;

const lag = new Lag();
let warmline: Warmline | undefined;
let agents: AgentConfigService | undefined;
let source: CountedSource | undefined;
let reading: Reading | undefined;
let lastGoodEvents = 0;

/** What it does for each question. */
export const callCalls: CallCalls = {
  open: async (place) => {
    await agents?.close();
    await warmline?.close();
    const { url, secret, sabotage } = place;
    source = new CountedSource(convexAgentSource({ url, secret }));
    warmline = openWarmline(warmlineOptions(place));
    const onEvent = ({ type }: { readonly type: string }): void => {
      if (type === 'last-good') lastGoodEvents++;
    };
    agents = openAgents(warmline, { source, onEvent }, sabotage);
    if (warmline.host === undefined) throw new Error('no host tier');
    return { directory: warmline.host.directory };
  },
  start,
  warm: async ({ agentIds }) => {
    const { failed } = await opened(agents).warm(agentIds);
    if (failed > 0) throw new Error(`${failed} of ${agentIds.length} agents could not be loaded`);
  },
  beginReading: ({ agentIds, everyMs }) => {
    lag.take();
    reading = new Reading(opened(agents), agentIds);
    reading.begin(everyMs);
  },
  endReading: async () => ({ ...(await opened(reading).end()), lastGoodEvents, lagMs: lag.take() }),
  first,
  prompts: async ({ agentIds }) => {
    for (const agentId of agentIds) await opened(agents).getCachedFullPrompt(agentId);
    return opened(agents).getStats().sources;
  },
  untilNew,
};

async function start({ agentIds, clients, startAtMs }: StartPart): Promise<StartAnswer> {
  opened(source).take();
  const firstConfigMs: number[] = [];
  let [right, wrong] = [0, 0];
  const loadOne = async (agentId: string, isFirst: boolean): Promise<void> => {
    const agent = await opened(agents).loadAgentConfig(agentId);
    if (isFirst) firstConfigMs.push(monotonicMs() - startAtMs);
    const prompt = await opened(agents).getCachedFullPrompt(agentId);
    if (agent?.agentId === agentId && prompt?.prompt === buildPrompt(agent.config)) right++;
    else wrong++;
  };
  // All in the same order: whoever is first has everybody else behind him.
  const client = async (): Promise<void> => {
    for (let index = 0; index < agentIds.length; index += ABREAST) {
      const some = agentIds.slice(index, index + ABREAST);
      await Promise.all(some.map((agentId) => loadOne(agentId, agentId === agentIds[0]).catch(() => wrong++)));
    }
  };
  await sleep(Math.max(0, startAtMs - monotonicMs()));
  lag.take();
  await Promise.all(Array.from({ length: clients }, client));
  return { firstConfigMs, right, wrong, reads: opened(source).take(), lagMs: lag.take() };
}

async function first({ agentId }: { readonly agentId: string }): Promise<FirstAnswer> {
  const startedMs = monotonicMs();
  const agent = await opened(agents)
    .loadAgentConfig(agentId)
    .catch(() => null);
  const configMs = monotonicMs() - startedMs;
  const found = await opened(agents)
    .getCachedFullPrompt(agentId)
    .catch(() => null);
  return {
    configMs,
    promptMs: monotonicMs() - startedMs - configMs,
    configEdition: agent === null ? undefined : editionOf(agent.config.instructions),
    promptEdition: found === null ? undefined : editionOf(found.prompt),
    lastGoodEvents,
  };
}

async function untilNew({
  agentId,
  edition,
}: {
  readonly agentId: string;
  readonly edition: number;
}): Promise<FirstNew> {
  opened(source).take();
  for (let lastOldMs = 0; ;) {
    const startedMs = monotonicMs();
    const agent = await opened(agents).loadAgentConfig(agentId);
    const endedMs = monotonicMs();
    if (agent !== null && editionOf(agent.config.instructions) >= edition) {
      return { lastOldMs, startedMs, endedMs, reads: opened(source).take() };
    }
    lastOldMs = startedMs;
    await sleep(1);
  }
}

function opened<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('not open');
  return part;
}
