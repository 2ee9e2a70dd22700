import type { Child } from '../processes/child.ts';
import type { Family } from '../processes/family.ts';
import type { Progress } from '../progress.ts';
import type { Convex } from './convex.ts';
import { startConvex } from './convex.ts';
import type { Crowd } from './crowds.ts';
import { gather, warmUp } from './crowds.ts';
import type { EmbeddingResult } from './embedding.ts';
import { measureEmbedding } from './embedding.ts';
import type { HitPartAnswer } from './hit-part.ts';
import { measureLevels } from './levels.ts';
import type { LevelsResult } from './levels.ts';
import { Library, topicQuestion } from './library.ts';
import type { Machines } from './machines.ts';
import { startMachines } from './machines.ts';
import type { MemberCalls } from './member-child.ts';
import type { Saving } from './money.ts';
import { savingsOf } from './money.ts';
import type { QuestionSet } from './questions/shipped-questions.ts';
import { queryOf } from './stage.ts';
import type { UpdateResult } from './update.ts';
import { measureUpdate } from './update.ts';

/** How much is done; parts that are left out were not asked for. */
export interface Effort {
  readonly processes: number;
  readonly crowds: number;
  /** Of the crowds on two machines. */
  readonly clusterCrowds: number;
  readonly hits: { readonly rounds: number; readonly questions: number } | undefined;
  readonly embeddedTexts: number;
  readonly changes: number;
  readonly changeEveryMs: number;
  readonly levels: boolean;
}

/** @see measureRag */
export interface RagPlan {
  readonly effort: Effort;
  readonly sets: readonly QuestionSet[];
  /** Whether they were written for the bench. */
  readonly isShipped: boolean;
  readonly seed: number;
  readonly sabotage: string | undefined;
  readonly folder: string;
  readonly family: Family;
  readonly progress: Progress;
}

/** What has been measured; what was not asked for is `undefined` or empty. */
export interface RagMeasurement {
  readonly processes: number;
  readonly host: readonly Crowd[];
  readonly cluster: readonly Crowd[];
  readonly hits: HitPartAnswer | undefined;
  readonly embedding: EmbeddingResult | undefined;
  readonly update: UpdateResult | undefined;
  readonly levels: LevelsResult | undefined;
  readonly billedCallsASearch: number;
  readonly savings: readonly Saving[];
  readonly directories: readonly string[];
  /** Pids of what is not of the family. */
  readonly pids: Readonly<Record<string, string>>;
}

const NOTHING: RagMeasurement = {
  processes: 0,
  host: [],
  cluster: [],
  hits: undefined,
  embedding: undefined,
  update: undefined,
  levels: undefined,
  billedCallsASearch: 0,
  savings: [],
  directories: [],
  pids: {},
};

interface Scene {
  readonly members: readonly Child<MemberCalls>[];
  readonly convex: Convex;
  readonly asked: Library;
  readonly neighbour: Library;
}

/** One machine first, then two. */
export async function measureRag(plan: RagPlan): Promise<RagMeasurement> {
  const { effort, progress, sets, seed, sabotage } = plan;
  progress.update('rag · questions by level');
  const levels = effort.levels ? await measureLevels({ sets, seed, sabotage }) : undefined;
  if (effort.crowds + effort.clusterCrowds + effort.changes + effort.embeddedTexts === 0) return { ...NOTHING, levels };
  const file = { from: import.meta.url, file: 'member-child' };
  progress.update('rag · processes start');
  const [convex, members] = await Promise.all([
    startConvex(),
    plan.family.startMany<MemberCalls>(effort.processes, 'askers', file),
  ]);
  try {
    const { url } = convex.simulator;
    const topics = effort.crowds + effort.clusterCrowds + (effort.hits?.questions ?? 0);
    const libraries = ['Asha Clinic', 'Bodhi Clinic'].map((name) => Library.open(url, name, Math.max(1, topics)));
    const [asked, neighbour] = await Promise.all(libraries);
    if (asked === undefined || neighbour === undefined) throw new Error('there are two organisations');
    const scene = { members, convex, asked, neighbour };
    const one = effort.crowds + effort.embeddedTexts > 0 ? await onOneMachine(plan, scene) : undefined;
    const two = effort.clusterCrowds + effort.changes > 0 ? await onTwoMachines(plan, scene) : undefined;
    const billedCallsASearch = await convex.billedCallsASearch();
    return {
      processes: members.length,
      host: one?.crowds ?? [],
      cluster: two?.crowds ?? [],
      hits: one?.hits,
      embedding: one?.embedding,
      update: two?.update,
      levels,
      billedCallsASearch,
      savings: levels === undefined ? [] : savingsOf(plan.isShipped ? undefined : levels, billedCallsASearch),
      directories: [...(one?.directories ?? []), ...(two?.directories ?? [])],
      pids: {
        'Convex simulator': `${convex.simulator.pid}`,
        ...(two?.redisPid !== undefined && { Redis: `${two.redisPid}` }),
      },
    };
  } finally {
    await convex.simulator.close();
  }
}

async function onOneMachine(plan: RagPlan, scene: Scene) {
  const { effort, family, sabotage, progress } = plan;
  progress.update('rag · one machine starts');
  const machines = await startMachines({ ...plan, ...scene, convexUrl: scene.convex.simulator.url, count: 1 });
  const crowds = await gatherAll(plan, scene, machines, { times: effort.crowds, firstTopic: 0 });
  const { hits } = effort;
  progress.update('rag · hits');
  const found = hits && (await machines.members[0]?.ask('hits', hitPart(scene, effort.crowds, hits)));
  progress.update('rag · embeddings');
  const embedding =
    effort.embeddedTexts === 0
      ? undefined
      : await measureEmbedding({
          machines,
          family,
          texts: effort.embeddedTexts,
          wrongVector: sabotage === 'wrong-vector',
        });
  await machines.close();
  return { crowds, hits: found, embedding, directories: machines.directories };
}

async function onTwoMachines(plan: RagPlan, scene: Scene) {
  const { effort, progress } = plan;
  progress.update('rag · two machines start');
  const machines = await startMachines({ ...plan, ...scene, convexUrl: scene.convex.simulator.url, count: 2 });
  const firstTopic = effort.crowds + (effort.hits?.questions ?? 0);
  const crowds = await gatherAll(plan, scene, machines, { times: effort.clusterCrowds, firstTopic });
  const { changes, changeEveryMs: everyMs } = effort;
  const { convex, asked: changed, neighbour } = scene;
  const update =
    changes === 0
      ? undefined
      : await measureUpdate({ machines, convex, changed, neighbour, changes, everyMs, progress });
  await machines.close();
  return { crowds, update, directories: machines.directories, redisPid: machines.redisPid };
}

/** A question of its own for each crowd. */
async function gatherAll(
  { sabotage, progress }: RagPlan,
  scene: Scene,
  machines: Machines,
  { times, firstTopic }: { readonly times: number; readonly firstTopic: number },
): Promise<Crowd[]> {
  const crowds: Crowd[] = [];
  if (times > 0) await warmUp(machines, scene.asked);
  for (let index = 0; index < times; index++) {
    progress.update(`rag · ${machines.directories.length} machine(s), crowd ${index + 1} of ${times}`);
    const wrongPassages = sabotage === 'wrong-passages';
    crowds.push(await gather({ ...scene, machines, topic: firstTopic + index, wrongPassages }));
  }
  return crowds;
}

function hitPart({ asked }: Scene, firstTopic: number, hits: NonNullable<Effort['hits']>) {
  const queries = Array.from({ length: hits.questions }, (_, index) =>
    queryOf(asked.organizationId, topicQuestion(firstTopic + index)),
  );
  return { queries, rounds: hits.rounds };
}
