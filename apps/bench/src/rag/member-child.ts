import type { Embedder, KnowledgeSource } from '@warmline/knowledge';
import { convexKnowledgeSource } from '@warmline/knowledge/convex-client';
import { openWarmline } from '@warmline/livekit';
import type { Warmline } from '@warmline/livekit';
import { ConvexHttpClient } from 'convex/browser';
import { z } from 'zod';
import { serve } from '../processes/serve.ts';
import type { Asker } from './asker.ts';
import { askTogether } from './crowd-part.ts';
import type { CrowdPart, CrowdPartAnswer } from './crowd-part.ts';
import { embedAll } from './embedding-part.ts';
import type { EmbeddingPart, EmbeddingPartAnswer } from './embedding-part.ts';
import { askOneByOne } from './hit-part.ts';
import type { HitPart, HitPartAnswer } from './hit-part.ts';
import { Holds } from './holds.ts';
import type { Hold } from './holds.ts';
import { Reading } from './reading.ts';
import type { ReadingPlan, ReadingReport } from './reading.ts';
import { embedderOf, knowledgeOf } from './sabotage.ts';
import { SearchCounter } from './search-counter.ts';
import { SCOPE, SECRET } from './stage.ts';

/** Where a process finds its tiers and Convex, and what it does wrong on purpose. */
export interface MemberPlace {
  readonly directory: string;
  readonly convexUrl: string;
  /** @default none */
  readonly redisUrl?: string;
  readonly sabotage: string | undefined;
}

/** What a process with askers can be asked. */
export interface MemberCalls {
  open(input: MemberPlace): { readonly directory: string };
  /** Closes what it has opened. */
  leave(input: object): Promise<void>;
  crowd(input: CrowdPart): Promise<CrowdPartAnswer>;
  hits(input: HitPart): Promise<HitPartAnswer>;
  /** Begins to read. */
  read(input: ReadingPlan): void;
  rest(input: object): Promise<ReadingReport & { readonly holds: readonly Hold[] }>;
  embed(input: EmbeddingPart & { readonly url: string; readonly dimensions: number }): Promise<EmbeddingPartAnswer>;
  /** Searches that it has made, by organisation. */
  searches(input: object): ReadonlyMap<string, number>;
}

interface Work {
  readonly warmline: Warmline;
  readonly source: SearchCounter;
  readonly asker: Asker;
  readonly convexUrl: string;
  readonly sabotage: string | undefined;
}

/** It has its own work, too. */
const LATE_MS = 15;
const holds = new Holds(LATE_MS);
let opened: Work | undefined;
let reading: Reading | undefined;

serve<MemberCalls>({
  open: ({ directory, convexUrl, redisUrl, sabotage }) => {
    const warmline = openWarmline({ scope: SCOPE, directory, redis: redisUrl });
    const { host } = warmline;
    if (host === undefined) throw new Error('no host tier: there is nothing to measure');
    const convex: KnowledgeSource = convexKnowledgeSource({ url: convexUrl, secret: SECRET });
    const source = new SearchCounter(convex);
    opened = { warmline, source, asker: knowledgeOf(warmline, source, sabotage), convexUrl, sabotage };
    return { directory: host.directory };
  },
  leave: async () => {
    const { warmline } = work();
    opened = undefined;
    await warmline.close();
  },
  crowd: (part) => askTogether(work().asker, part),
  hits: async (part) => {
    const { warmline, source, asker, convexUrl, sabotage } = work();
    const convex = new ConvexHttpClient(convexUrl, { logger: false });
    return askOneByOne({ warm: asker, fresh: () => knowledgeOf(warmline, source, sabotage), convex }, part);
  },
  read: (plan) => {
    holds.take();
    reading = new Reading(work().asker, plan);
    void reading.run();
  },
  rest: async () => {
    if (reading === undefined) throw new Error('it does not read');
    return { ...(await reading.rest()), holds: holds.take() };
  },
  embed: async ({ url, dimensions, ...part }) => {
    const { warmline, sabotage } = work();
    let late = 0;
    const embedder = embedderOf(warmline, providerAt(url, dimensions), sabotage, ({ type }) => {
      if (type === 'tier-timeout' || type === 'refused-write') late++;
    });
    const answer = await embedAll(embedder, part);
    await embedder.close();
    return { ...answer, late };
  },
  searches: () => work().source.all,
});

function work(): Work {
  if (opened === undefined) throw new Error('it has not been opened');
  return opened;
}

const answered = z.object({ vectors: z.array(z.array(z.number())) });

function providerAt(url: string, dimensions: number): Embedder {
  return {
    model: 'bench-embedder-1',
    dimensions,
    embed: async (texts, signal) => {
      const answer = await fetch(url, { method: 'POST', body: JSON.stringify({ texts }), signal });
      return answered.parse(await answer.json()).vectors;
    },
  };
}
