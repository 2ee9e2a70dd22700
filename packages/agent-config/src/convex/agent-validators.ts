import { type PropertyValidators, type VArray, type VFloat64, type VOptional, type VString, v } from 'convex/values';

/** What `v.object` makes of these fields. */
export type ObjectValidator<Fields extends PropertyValidators> = ReturnType<typeof v.object<Fields>>;

/** @see agentVoiceValidator */
export type AgentVoiceFields = { provider: VString; model: VString; speaker: VString; pace: VOptional<VFloat64> };

/** Of an {@link AgentVoice}. */
export const agentVoiceValidator: ObjectValidator<AgentVoiceFields> = v.object({
  provider: v.string(),
  model: v.string(),
  speaker: v.string(),
  pace: v.optional(v.number()),
});

/** @see agentModelValidator */
export type AgentModelFields = { provider: VString; model: VString; temperature: VOptional<VFloat64> };

/** Of an {@link AgentModel}. */
export const agentModelValidator: ObjectValidator<AgentModelFields> = v.object({
  provider: v.string(),
  model: v.string(),
  temperature: v.optional(v.number()),
});

/** @see agentToolValidator */
export type AgentToolFields = { name: VString; description: VString };

/** Of an {@link AgentTool}. */
export const agentToolValidator: ObjectValidator<AgentToolFields> = v.object({
  name: v.string(),
  description: v.string(),
});

/** @see agentConfigValidator */
export type AgentConfigFields = {
  name: VString;
  language: VString;
  greeting: VString;
  instructions: VString;
  voice: ObjectValidator<AgentVoiceFields>;
  model: ObjectValidator<AgentModelFields>;
  rules: VOptional<VArray<string[], VString>>;
  tools: VOptional<VArray<ObjectValidator<AgentToolFields>['type'][], ObjectValidator<AgentToolFields>>>;
  knowledgeBaseIds: VOptional<VArray<string[], VString>>;
};

/** Of an {@link AgentConfig}: for arguments, results and the schema. */
export const agentConfigValidator: ObjectValidator<AgentConfigFields> = v.object({
  name: v.string(),
  language: v.string(),
  greeting: v.string(),
  instructions: v.string(),
  voice: agentVoiceValidator,
  model: agentModelValidator,
  rules: v.optional(v.array(v.string())),
  tools: v.optional(v.array(agentToolValidator)),
  knowledgeBaseIds: v.optional(v.array(v.string())),
});

/** @see agentDocumentValidator */
export type AgentDocumentFields = {
  agentId: VString;
  organizationId: VString;
  config: ObjectValidator<AgentConfigFields>;
  updatedAt: VFloat64;
  fullPrompt: VOptional<VString>;
  promptVersion: VOptional<VFloat64>;
};

/** Of an {@link AgentDocument}: what `agents:get` returns. */
export const agentDocumentValidator: ObjectValidator<AgentDocumentFields> = v.object({
  agentId: v.string(),
  organizationId: v.string(),
  config: agentConfigValidator,
  updatedAt: v.number(),
  fullPrompt: v.optional(v.string()),
  promptVersion: v.optional(v.number()),
});
