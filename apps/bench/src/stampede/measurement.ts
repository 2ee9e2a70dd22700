import { join } from 'node:path';
import { FaultProxy, RedisServer } from '@warmline/cache-redis/testing';
import type { Family } from '../processes/family.ts';
import type { Progress } from '../progress.ts';
import type { Crowd, Origin, Worker } from './crowd.ts';
import { gather } from './crowd.ts';
import type { LoadBegun, OriginCalls } from './origin-child.ts';
import { ORIGIN_MS } from './variants.ts';
import type { Variant } from './variants.ts';
import type { WorkerCalls } from './worker-child.ts';

/** What became of the crowds of a variant. */
export interface VariantResult {
  readonly variant: Variant;
  readonly crowds: readonly Crowd[];
}

/** @see measureStampede */
export interface StampedePlan {
  readonly variants: readonly Variant[];
  readonly repetitions: number;
  readonly folder: string;
  readonly family: Family;
  readonly wrongValue: boolean;
  readonly progress: Progress;
}

/** The variants of few processes in turn, repetition by repetition; then those of many, each with its own processes. */
export async function measureStampede(plan: StampedePlan): Promise<{ results: VariantResult[]; directories: string }> {
  const { variants, repetitions, progress } = plan;
  await using ends = new AsyncDisposableStack();
  const origin = await startOrigin(plan.family);
  const { url } = await origin.child.ask('listen', { latencyMs: ORIGIN_MS });
  const directories = new Set<string>();
  const crowdOf = (workers: readonly Worker[], variant: Variant, key: string): Promise<Crowd> =>
    gather(workers, origin, { ...variant, key: `${variant.name} ${key}`, wrongValue: plan.wrongValue });
  const results: VariantResult[] = [];
  for (const group of groupsOf(variants)) {
    const [first] = group;
    if (first === undefined) continue;
    progress.update(`stampede · ${first.processes} processes start`);
    const redis = first.hosts > 1 ? ends.use(await RedisServer.start()) : undefined;
    const hire = async (count: number, role: string): Promise<Worker[]> => {
      const from = { from: import.meta.url, file: 'worker-child' };
      const children = await plan.family.startMany<WorkerCalls>(count, role, from);
      return Promise.all(
        children.map(async (child, index) => {
          const proxy = redis && ends.use(await FaultProxy.start(redis));
          const directory = join(plan.folder, `${first.hosts}-${index % first.hosts}`);
          const place = { directory, origin: url, ...(proxy && { redis: proxy.url }) };
          directories.add((await child.ask('open', place)).directory);
          return { child, proxy };
        }),
      );
    };
    let workers = await hire(first.processes, `worker of ${first.processes} on ${first.hosts}`);
    const crowds = new Map<Variant, Crowd[]>(group.map((variant) => [variant, []]));
    // Not counted, for all alike: nothing has been compiled and nobody is connected then.
    for (const variant of group) if (!variant.killsHolder) await crowdOf(workers, variant, 'first');
    for (let repetition = 1; repetition <= repetitions; repetition++) {
      for (const variant of group) {
        progress.update(`stampede · ${variant.name} · ${repetition} of ${repetitions}`);
        crowds.get(variant)?.push(await crowdOf(workers, variant, `${repetition}`));
        const alive = workers.filter(({ child }) => !child.wasKilled);
        workers = [...alive, ...(await hire(first.processes - alive.length, `replacement of ${first.processes}`))];
      }
    }
    await Promise.all(workers.map(({ child }) => child.close()));
    results.push(...group.map((variant) => ({ variant, crowds: crowds.get(variant) ?? [] })));
  }
  return { results, directories: [...directories].join(' ') };
}

/** Those who can take turns with the same processes. */
function groupsOf(variants: readonly Variant[]): Variant[][] {
  return [...Map.groupBy(variants, ({ processes, hosts }) => `${processes} ${hosts}`).values()];
}

async function startOrigin(family: Family): Promise<Origin> {
  const heard = { onLoad: (_load: LoadBegun): void => {} };
  const onNote = (note: unknown): void => heard.onLoad(note as LoadBegun);
  const child = await family.start<OriginCalls>('origin', { from: import.meta.url, file: 'origin-child', onNote });
  return Object.assign(heard, { child });
}
