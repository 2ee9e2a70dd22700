import type { GenericDatabaseWriter } from 'convex/server';
import type { GenericId } from 'convex/values';
import type { AgentConfig } from '../agent-config.ts';
import { PROMPT_VERSION } from '../prompt.ts';
import { agentConfigValidator } from './agent-validators.ts';
import { configIssue } from './config-issue.ts';
import type { WarmlineDataModel } from './data-model.ts';
import { type PromptFields, promptFields } from './prompt-fields.ts';
import { type RebuildProgress, progressOf } from './rebuild-progress.ts';

/** @see rebuildBatch */
export interface RebuildBatchOptions {
  readonly rebuildId: GenericId<'rebuilds'>;
  /** How many agents at most; fewer when they are large. @default 100 */
  readonly batchSize?: number | undefined;
  /** The time, in ms since 1970. */
  readonly now: number;
  /** How many bytes of agents are read before the batch ends. @default 4 MiB */
  readonly maxBytes?: number;
  /** The prompt of a config of another shape; throws when it is malformed. @default {@link promptFields} */
  readonly promptOf?: (config: unknown) => PromptFields;
  /** Of what `promptOf` gives. @default {@link PROMPT_VERSION} */
  readonly promptVersion?: number;
}

/**
 * A quarter of what a transaction may read: the last agent may exceed it by 1 MiB, writing reads each again, and the prompt can
 * double what is written.
 */
const MAX_BYTES = 4 * 2 ** 20;

const MAX_PROBLEMS = 10;

type Agent = WarmlineDataModel['agents']['document'];
type Outcome = 'rebuilt' | 'current' | 'oversized' | 'malformed';

/**
 * Rebuilds the prompts of the next agents, in one transaction with the note of how far it came: killed at any point, nothing is
 * lost or counted twice. An agent that is updated meanwhile keeps the prompt of its update; `updatedAt` and the feed stay as they are.
 */
export async function rebuildBatch(
  db: Pick<GenericDatabaseWriter<WarmlineDataModel>, 'get' | 'query' | 'patch'>,
  options: RebuildBatchOptions,
): Promise<RebuildProgress> {
  const {
    rebuildId,
    batchSize = 100,
    now,
    maxBytes = MAX_BYTES,
    promptOf = checkedPrompt,
    promptVersion = PROMPT_VERSION,
  } = options;
  const run = await db.get('rebuilds', rebuildId);
  if (run === null) throw new TypeError(`rebuildId is ${rebuildId}, which names no rebuild`);
  if (run.isDone) return progressOf(run);

  const agents =
    run.scope === '*'
      ? db.query('agents')
      : db.query('agents').withIndex('by_organizationId', (q) => q.eq('organizationId', run.scope));
  const { page, isDone, continueCursor } = await agents.paginate({
    numItems: batchSize,
    cursor: run.cursor,
    maximumBytesRead: maxBytes,
  });
  const counts = { rebuilt: run.rebuilt, current: run.current, oversized: run.oversized, malformed: run.malformed };
  const problems = [...run.problems];
  for (const agent of page) counts[await rebuild(agent)]++;

  const next = { ...counts, problems, cursor: continueCursor, isDone, touchedAt: now };
  await db.patch('rebuilds', rebuildId, next);
  return progressOf({ ...run, ...next });

  async function rebuild(agent: Agent): Promise<Outcome> {
    const hasPrompt = agent.fullPrompt !== undefined && (agent.promptVersion ?? 0) >= promptVersion;
    if (hasPrompt && run?.force !== true) return 'current';
    let built: PromptFields;
    try {
      built = promptOf(agent.config);
    } catch (error) {
      if (problems.length < MAX_PROBLEMS)
        problems.push(`${agent._id}: ${error instanceof Error ? error.message : 'unknown'}`);
      return 'malformed';
    }
    if (built.fullPrompt !== agent.fullPrompt || built.promptVersion !== agent.promptVersion) {
      await db.patch('agents', agent._id, built);
    }
    return built.fullPrompt === undefined ? 'oversized' : 'rebuilt';
  }
}

function checkedPrompt(config: unknown): PromptFields {
  const issue = configIssue(agentConfigValidator, config, 'config');
  if (issue !== undefined) throw new TypeError(issue);
  return promptFields(config as AgentConfig);
}
