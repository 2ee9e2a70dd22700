import type { AgentConfigService } from '@warmline/agent-config';
import { convexAgentSource } from '@warmline/agent-config/convex-client';
import { openWarmline } from '@warmline/livekit';
import type { Warmline } from '@warmline/livekit';
import { ConvexClient, ConvexHttpClient } from 'convex/browser';
import { makeFunctionReference } from 'convex/server';
import { LoopLag } from '../hot-path/event-loop.ts';
import { rotated } from '../hot-path/rotated.ts';
import { CountedSource } from './counted-source.ts';
import type { Place } from './place.ts';
import { warmlineOptions } from './place.ts';

/** What is timed, from the call to the value. */
export const HIT_CASES = [
  'config.process',
  'config.host',
  'prompt.process',
  'prompt.host',
  'convex_http',
  'convex_client.local',
  'convex_client.first',
] as const;
export type HitCase = (typeof HIT_CASES)[number];

/** @see HitsCalls */
export interface HitsPlan {
  readonly agentIds: readonly string[];
  readonly rounds: number;
  /** Of each that takes microseconds; of others so many times fewer that a round ends. */
  readonly each: number;
}

/** What it found. */
export interface HitsAnswer {
  readonly ms: Readonly<Record<HitCase, readonly number[]>>;
  readonly lagMs: Readonly<Record<HitCase, number>>;
  /** Values that were none, or of another agent, of all that was timed. */
  readonly wrong: number;
  readonly compared: number;
  /** Reads of Convex by Warmline while its hits were timed: then they were none. */
  readonly loads: number;
}

/** What the process that times hits can be asked. */
export interface HitsCalls {
  open(input: Place): void;
  hits(input: HitsPlan): Promise<HitsAnswer>;
}

type Args = { secret: string; agentId: string };
const getAgent = makeFunctionReference<'query', Args, { agentId: string } | null>('agents:get');
/** So many fresh process tiers a round, each with a first read of every agent. */
const FRESH_TIERS = 4;
const HTTP_EACH = 3;

interface Opened {
  readonly place: Place;
  readonly warmline: Warmline;
  readonly source: CountedSource;
}

let opened: Opened | undefined;

/** What it does for each question. */
export const hitsCalls: HitsCalls = {
  open: (place) => {
    const { url, secret } = place;
    const source = new CountedSource(convexAgentSource({ url, secret }));
    opened = { place, warmline: openWarmline(warmlineOptions(place)), source };
  },
  hits: async (plan) => {
    if (opened === undefined) throw new Error('not open');
    const timing = new Timing(opened, plan);
    try {
      return await timing.run();
    } finally {
      await timing.close();
    }
  },
};

/** All cases, one after another in every round, each round beginning with another. */
class Timing {
  readonly #plan: HitsPlan;
  readonly #place: Place;
  readonly #warmline: Warmline;
  readonly #source: CountedSource;
  readonly #agents: AgentConfigService;
  readonly #http: ConvexHttpClient;
  readonly #subscribed: ConvexClient;
  readonly #ms: Record<HitCase, number[]>;
  readonly #lags: Record<HitCase, LoopLag>;
  #wrong = 0;
  #compared = 0;
  #loads = 0;

  constructor({ place, warmline, source }: Opened, plan: HitsPlan) {
    const { url } = place;
    this.#place = place;
    this.#warmline = warmline;
    this.#source = source;
    this.#plan = plan;
    this.#agents = warmline.agents({ source });
    // As its documentation sets it up on a server.
    this.#http = new ConvexHttpClient(url, { logger: false, skipConvexDeploymentUrlCheck: true });
    this.#subscribed = this.#newClient();
    const of = <T>(make: () => T): Record<HitCase, T> =>
      Object.fromEntries(HIT_CASES.map((name) => [name, make()])) as Record<HitCase, T>;
    this.#ms = of(() => []);
    this.#lags = of(() => new LoopLag());
  }

  async run(): Promise<HitsAnswer> {
    const { agentIds, rounds } = this.#plan;
    // Not timed: everything is warm then, on all sides.
    await Promise.all(
      agentIds.map(async (agentId) => {
        await this.#agents.getCachedFullPrompt(agentId);
        await this.#http.query(getAgent, this.#args(agentId));
        await this.#firstValue(this.#subscribed, agentId, false);
      }),
    );
    this.#source.take();
    for (let round = 0; round < rounds; round++) {
      for (const name of rotated(HIT_CASES, round)) await this.#lags[name].during(() => this.#sample(name));
    }
    const lagMs = Object.fromEntries(HIT_CASES.map((name) => [name, this.#lags[name].distribution().max]));
    return {
      ms: this.#ms,
      lagMs: lagMs as Record<HitCase, number>,
      wrong: this.#wrong,
      compared: this.#compared,
      loads: this.#loads + this.#source.take().length,
    };
  }

  async close(): Promise<void> {
    await this.#agents.close();
    await this.#subscribed.close();
  }

  async #sample(name: HitCase): Promise<void> {
    const { agentIds, each } = this.#plan;
    const many = Array.from({ length: each }, (_, index) => agentIds[index % agentIds.length] ?? '');
    switch (name) {
      case 'config.process':
        for (const id of many) await this.#time(name, id, () => this.#agents.loadAgentConfig(id));
        return;
      case 'prompt.process':
        for (const id of many) await this.#time(name, undefined, () => this.#agents.getCachedFullPrompt(id));
        return;
      case 'config.host':
        return this.#withFreshTiers((agents, id) => this.#time(name, id, () => agents.loadAgentConfig(id)));
      case 'prompt.host':
        return this.#withFreshTiers((agents, id) => this.#time(name, undefined, () => agents.getCachedFullPrompt(id)));
      case 'convex_http':
        for (const id of many.slice(0, HTTP_EACH)) {
          await this.#time(name, id, () => this.#http.query(getAgent, this.#args(id)));
        }
        return;
      case 'convex_client.local':
        for (const id of many) {
          await this.#time(name, id, () => this.#subscribed.client.localQueryResult('agents:get', this.#args(id)));
        }
        return;
      case 'convex_client.first': {
        const client = this.#newClient();
        await this.#firstValue(client, agentIds[0] ?? '', true);
        await client.close();
      }
    }
  }

  /** Services of their own on the open host tier: their process tiers are empty, as in a process that was just forked. */
  async #withFreshTiers(read: (agents: AgentConfigService, agentId: string) => Promise<void>): Promise<void> {
    for (let tier = 0; tier < FRESH_TIERS; tier++) {
      const agents = this.#warmline.agents({ source: this.#source });
      for (const agentId of this.#plan.agentIds) await read(agents, agentId);
      await agents.close();
    }
  }

  async #time(name: HitCase, agentId: string | undefined, read: () => unknown): Promise<void> {
    const startedMs = performance.now();
    const found = await read();
    this.#ms[name].push(performance.now() - startedMs);
    this.#compared++;
    const isRight =
      agentId === undefined ? found !== null : (found as { agentId?: string } | null)?.agentId === agentId;
    if (!isRight) this.#wrong++;
  }

  async #firstValue(client: ConvexClient, agentId: string, isTimed: boolean): Promise<void> {
    const startedMs = performance.now();
    await new Promise((resolve) => client.onUpdate(getAgent, this.#args(agentId), resolve));
    if (isTimed) this.#ms['convex_client.first'].push(performance.now() - startedMs);
  }

  #newClient(): ConvexClient {
    return new ConvexClient(this.#place.url, { logger: false, skipConvexDeploymentUrlCheck: true });
  }

  #args(agentId: string): Args {
    return { secret: this.#place.secret, agentId };
  }
}
