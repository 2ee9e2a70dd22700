/**
 * The pieces of Warmline that run inside a Convex project.
 * @packageDocumentation
 */
export type { AgentConfig, AgentDocument, AgentModel, AgentTool, AgentVoice } from '../agent-config.ts';
export type { Change, ChangeWindow } from '../change-feed.ts';
export { PROMPT_VERSION, buildPrompt } from '../prompt.ts';
export {
  type AgentConfigFields,
  type AgentDocumentFields,
  type AgentModelFields,
  type AgentToolFields,
  type AgentVoiceFields,
  type ObjectValidator,
  agentConfigValidator,
  agentDocumentValidator,
  agentModelValidator,
  agentToolValidator,
  agentVoiceValidator,
} from './agent-validators.ts';
export { type RebuildScope, beginRebuild, trimRebuilds } from './begin-rebuild.ts';
export { appendChange, newestChanges, trimChanges } from './change-log.ts';
export {
  type ChangeFields,
  type ChangeKindValidator,
  type ChangeWindowFields,
  changeKindValidator,
  changeValidator,
  changeWindowValidator,
} from './change-validators.ts';
export type { WarmlineDataModel } from './data-model.ts';
export { type PromptFields, fittingPrompt, promptFields } from './prompt-fields.ts';
export { type RebuildBatchOptions, rebuildBatch } from './rebuild-batch.ts';
export { type RebuildProgress, type RebuildProgressFields, rebuildProgressValidator } from './rebuild-progress.ts';
export { type RebuildReport, type RebuildReportFields, rebuildReportValidator, runRebuild } from './run-rebuild.ts';
export { requireSecret, secretArgs } from './service-secret.ts';
export {
  type AgentFields,
  type ChangeRowFields,
  type RebuildRowFields,
  agentFields,
  changesTable,
  rebuildsTable,
} from './tables.ts';
