import type { AgentConfigStats } from '@warmline/agent-config';
import type { Child } from '../processes/child.ts';
import type { Family } from '../processes/family.ts';
import { join } from 'node:path';
import type { CallCalls } from './call-calls.ts';
import { ConvexProcess, SECRET } from './convex-process.ts';
import { DROP_PROMPTS, legacyFunctions } from './legacy-functions.ts';
import { compiledIn } from './stage.ts';
import type { RebuildAnswer, UpdaterCalls } from './updater-child.ts';

type Sources = AgentConfigStats['sources'];

/** Agents without prompts, before and after all prompts were built. */
export interface MigrationResult {
  readonly agents: number;
  /** Asked for by a process before: it builds them, and saves what it has built. */
  readonly before: { readonly asked: number; readonly sources: Sources };
  readonly first: RebuildAnswer | undefined;
  readonly second: RebuildAnswer | undefined;
  /** By two fresh processes on a fresh machine. */
  readonly after: { readonly asked: number; readonly sources: Sources };
}

/** @see migrate */
export interface MigrationPlan {
  readonly family: Family;
  readonly folder: string;
  /** Of 20 agents each. */
  readonly seeds: number;
  readonly delayMs: number;
  /** Sabotage: nothing is rebuilt. */
  readonly skipsRebuild: boolean;
}

/** Of all agents, those whose prompts a worker needs before the migration. */
const EARLY = 5;

export async function migrate({
  family,
  folder,
  seeds,
  delayMs,
  skipsRebuild,
}: MigrationPlan): Promise<MigrationResult> {
  await using convex = await ConvexProcess.start({ delayMs, functions: await legacyFunctions(folder) });
  for (let seed = 1; seed < seeds; seed++) await convex.administer('seed:demo');
  await convex.administer(DROP_PROMPTS);
  const from = { from: import.meta.url };
  const updater = await family.start<UpdaterCalls>('who migrates', { ...from, file: 'updater-child' });
  const agentIds = await updater.ask('open', { url: convex.url, secret: SECRET });
  const open = async (machine: string): Promise<Child<CallCalls>> => {
    const role = `calls of the migration, ${machine}`;
    const child = await family.start<CallCalls>(role, { ...from, file: 'call-child', args: [compiledIn(folder)] });
    const place = { url: convex.url, secret: SECRET, redis: '', sabotage: undefined };
    await child.ask('open', { ...place, scope: 'migration', directory: join(folder, `migration-${machine}`) });
    return child;
  };
  const early = await open('before');
  const before = await early.ask('prompts', { agentIds: agentIds.slice(0, EARLY) });
  await early.close();
  const rebuild = async (): Promise<RebuildAnswer | undefined> =>
    skipsRebuild ? undefined : updater.ask('rebuild', {});
  const [first, second] = [await rebuild(), await rebuild()];
  const late = [await open('after'), await open('after')];
  const after: Sources[] = [];
  for (const child of late) after.push(await child.ask('prompts', { agentIds }));
  await Promise.all([updater, ...late].map((child) => child.close()));
  const total = (origin: keyof Sources): number => after.reduce((all, sources) => all + sources[origin], 0);
  return {
    agents: agentIds.length,
    before: { asked: EARLY, sources: before },
    first,
    second,
    after: {
      asked: late.length * agentIds.length,
      sources: { ram: total('ram'), db: total('db'), build: total('build') },
    },
  };
}
