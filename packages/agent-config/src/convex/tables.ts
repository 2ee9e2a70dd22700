import { type TableDefinition, defineTable } from 'convex/server';
import {
  type VArray,
  type VBoolean,
  type VCommitTs,
  type VFloat64,
  type VNull,
  type VOptional,
  type VString,
  type VUnion,
  v,
} from 'convex/values';
import { type AgentConfigFields, type ObjectValidator, agentConfigValidator } from './agent-validators.ts';
import { type ChangeKindValidator, changeKindValidator } from './change-validators.ts';

/** @see agentFields */
export type AgentFields = {
  config: ObjectValidator<AgentConfigFields>;
  updatedAt: VFloat64;
  fullPrompt: VOptional<VString>;
  promptVersion: VOptional<VFloat64>;
};

/** What the table `agents` has besides its `organizationId`: to be spread into a `defineTable`. */
export const agentFields: AgentFields = {
  config: agentConfigValidator,
  updatedAt: v.number(),
  fullPrompt: v.optional(v.string()),
  promptVersion: v.optional(v.number()),
};

/** @see changesTable */
export type ChangeRowFields = {
  at: VCommitTs;
  kind: ChangeKindValidator;
  id: VString;
  organizationId: VString;
  deleted: VBoolean;
};

/** The table `changes`: one row for each commit that workers must hear of, in the order of commits. */
export const changesTable: TableDefinition<
  ObjectValidator<ChangeRowFields>,
  { by_at: ['at', '_creationTime'] }
> = defineTable(
  v.object({
    at: v.commitTs(),
    kind: changeKindValidator,
    id: v.string(),
    organizationId: v.string(),
    deleted: v.boolean(),
  }),
).index('by_at', ['at']);

/** @see rebuildsTable */
export type RebuildRowFields = {
  scope: VString;
  force: VBoolean;
  promptVersion: VFloat64;
  cursor: VUnion<string | null, [VString, VNull], 'required', never>;
  rebuilt: VFloat64;
  current: VFloat64;
  oversized: VFloat64;
  malformed: VFloat64;
  problems: VArray<string[], VString>;
  isDone: VBoolean;
  touchedAt: VFloat64;
};

/** The table `rebuilds`: how far each rebuild of prompts has come, so that one that was killed goes on where it was. */
export const rebuildsTable: TableDefinition<
  ObjectValidator<RebuildRowFields>,
  {
    by_run: ['scope', 'force', 'promptVersion', 'isDone', '_creationTime'];
    by_touchedAt: ['touchedAt', '_creationTime'];
  }
> = defineTable(
  v.object({
    /** An organisation, or `*` for all. */
    scope: v.string(),
    force: v.boolean(),
    promptVersion: v.number(),
    /** Of the pages; `null` before the first. */
    cursor: v.union(v.string(), v.null()),
    rebuilt: v.number(),
    current: v.number(),
    oversized: v.number(),
    malformed: v.number(),
    /** The first few malformed agents, each with what is wrong. */
    problems: v.array(v.string()),
    isDone: v.boolean(),
    /** When it last came further, in ms since 1970. */
    touchedAt: v.number(),
  }),
)
  .index('by_run', ['scope', 'force', 'promptVersion', 'isDone'])
  .index('by_touchedAt', ['touchedAt']);
