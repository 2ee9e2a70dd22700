import { appendChange, promptFields } from '@warmline/agent-config/convex';
import { v } from 'convex/values';
import { internalMutation } from './_generated/server.js';

/** Something to try Warmline on: an organisation, 20 agents, and a knowledge base for full-text search. Each run adds another. */
export const demo = internalMutation({
  args: {},
  returns: v.object({ organizationId: v.string(), knowledgeBaseId: v.string(), agentIds: v.array(v.string()) }),
  handler: async (ctx) => {
    const organizationId = await ctx.db.insert('organizations', { name: 'Demo Clinics' });
    const knowledgeBaseId = await ctx.db.insert('knowledgeBases', { organizationId, name: 'Patients', version: 1 });
    await appendChange(ctx.db, { kind: 'knowledge', id: knowledgeBaseId, organizationId, deleted: false });
    for (const [title, text] of DOCUMENTS) {
      const documentId = await ctx.db.insert('documents', { knowledgeBaseId, title });
      await ctx.db.insert('chunks', { organizationId, knowledgeBaseId, documentId, text: `${title}. ${text}` });
    }
    const agentIds: string[] = [];
    for (let n = 1; n <= 20; n++) {
      const config = { ...demoConfig(n), knowledgeBaseIds: [knowledgeBaseId] };
      const prompt = promptFields(config);
      const agent = { organizationId, config, updatedAt: Date.now(), ...(prompt.fullPrompt !== undefined && prompt) };
      const id = await ctx.db.insert('agents', agent);
      await appendChange(ctx.db, { kind: 'agent', id, organizationId, deleted: false });
      agentIds.push(id);
    }
    return { organizationId, knowledgeBaseId, agentIds };
  },
});

function demoConfig(n: number) {
  const isHindi = n % 2 === 0;
  return {
    name: `Asha ${n}`,
    language: isHindi ? 'hi-IN' : 'en-IN',
    greeting: isHindi ? 'नमस्ते, मैं आपकी क्या मदद कर सकती हूँ?' : 'Hello, how may I help you?',
    instructions: `You answer the phone of clinic ${n} of Demo Clinics. You book, move and cancel appointments.`,
    voice: { provider: 'sarvam', model: 'bulbul:v2', speaker: 'anushka', pace: 1 },
    model: { provider: 'openai', model: 'gpt-4o-mini', temperature: 0.2 },
    rules: ['Never give medical advice.'],
    tools: [{ name: 'book_appointment', description: 'Books an appointment at a free time.' }],
  };
}

const DOCUMENTS = [
  [
    'Opening hours',
    'The clinic is open from Monday to Saturday, 9 in the morning to 7 in the evening. It is closed on Sundays.',
  ],
  ['Fees', 'A first consultation costs 500 rupees. A follow-up within 14 days is free of charge.'],
  ['Cancelling', 'An appointment can be cancelled or moved without a fee until 4 hours before it begins.'],
  ['Reports', 'Laboratory reports are ready after 24 hours and are sent by SMS as a link.'],
  ['Insurance', 'We accept cashless insurance of all public insurers. Bring the card and an identity document.'],
] as const;
