import { z } from 'zod';
import type { AgentDocument } from './agent-config.ts';
import { faultOf } from './fault-of.ts';

const config = z.object({
  name: z.string(),
  language: z.string(),
  greeting: z.string(),
  instructions: z.string(),
  voice: z.object({
    provider: z.string(),
    model: z.string(),
    speaker: z.string(),
    pace: z.number().exactOptional(),
  }),
  model: z.object({ provider: z.string(), model: z.string(), temperature: z.number().exactOptional() }),
  rules: z.array(z.string()).exactOptional(),
  tools: z.array(z.object({ name: z.string(), description: z.string() })).exactOptional(),
  knowledgeBaseIds: z.array(z.string()).exactOptional(),
});

const agentDocument = z.object({
  agentId: z.string(),
  organizationId: z.string(),
  config,
  updatedAt: z.number(),
  fullPrompt: z.string().exactOptional(),
  promptVersion: z.number().exactOptional(),
});

/**
 * An agent of the shape this package defines; fields it does not know are left out.
 * @throws TypeError naming the first wrong field, what it is and what it must be; never its content.
 */
export function parseAgentDocument(document: unknown): AgentDocument {
  const parsed = agentDocument.safeParse(document);
  if (parsed.success) return parsed.data;
  throw new TypeError(faultOf(parsed.error, document));
}
