import { initializeLogger, llm, voice } from '@livekit/agents';
import { expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { VoiceKnowledgeService } from './index.ts';
import { HearingAgent, ScriptedLlm, startHearing, startSession } from './session.fixture.ts';
import { FakeSource } from './source.fixture.ts';

initializeLogger({ pretty: false, level: 'silent' });

/** As in the README. */
function knowledgeTool(knowledge: VoiceKnowledgeService, scope: { organizationId: string; agentId: string }) {
  return llm.tool({
    description:
      'Looks up what the company knows. Use it for every question about the company, its products and prices.',
    parameters: z.object({
      question: z
        .string()
        .describe('What the caller wants to know, rewritten so that it can be understood without the conversation'),
    }),
    execute: async ({ question }, { abortSignal }) => {
      const passages = await knowledge.search({ ...scope, text: question, limit: 5 }, { signal: abortSignal });
      return passages.map(({ title, text }) => ({ title, text }));
    },
  });
}

test('a tool of an agent session asks what stands for itself, and a second call of another session is a hit', async () => {
  const source = new FakeSource();
  const knowledge = new VoiceKnowledgeService({ source });
  const scope = { organizationId: 'acme', agentId: 'desk' };
  for (const question of ['What does parking cost at the Pune hotel?', 'what does parking cost at the Pune hotel']) {
    const scripted = new ScriptedLlm([{ question }, { reply: 'Parking is free.' }]);
    const agent = new voice.Agent({ instructions: 'Be kind.', tools: { lookUp: knowledgeTool(knowledge, scope) } });
    const session = await startSession(scripted, agent);
    onTestFinished(() => session.close());
    await session.run({ userInput: 'And what does it cost there?' }).wait();
    expect(scripted.calls).toBe(2);
    expect(scripted.told.join()).toContain('Answer 1 to What does parking cost at the Pune hotel?');
  }
  expect(source.asked.map(({ text }) => text)).toEqual(['What does parking cost at the Pune hotel?']);
});

test.each([
  { where: 'in a tool leaves the answer that was prepared while the caller spoke', calls: 2, turnCompleted: false },
  { where: 'in onUserTurnCompleted throws it away', calls: 3, turnCompleted: true },
])('a search $where', async ({ calls, turnCompleted }) => {
  const source = new FakeSource();
  const knowledge = new VoiceKnowledgeService({ source });
  const scope = { organizationId: 'acme', agentId: 'desk' };
  const question = { question: 'What does parking cost at the Pune hotel?' };
  // The model is asked once more where the prepared answer is thrown away.
  const scripted = new ScriptedLlm([...(turnCompleted ? [question] : []), question, { reply: 'Parking is free.' }]);
  class Desk extends HearingAgent {
    override async onUserTurnCompleted(chatCtx: llm.ChatContext): Promise<void> {
      if (turnCompleted) chatCtx.addMessage({ role: 'assistant', content: 'What the search has found.' });
    }
  }
  const agent = new Desk({ instructions: 'Be kind.', tools: { lookUp: knowledgeTool(knowledge, scope) } });
  agent.heard = 'And what does it cost there?';
  const session = await startHearing(scripted, agent);
  onTestFinished(() => session.close());
  await vi.waitFor(() => expect(scripted.told).toHaveLength(1), 5_000);
  expect(scripted.calls).toBe(calls);
  expect(source.asked).toHaveLength(1);
});
