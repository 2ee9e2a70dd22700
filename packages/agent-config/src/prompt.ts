import type { AgentConfig } from './agent-config.ts';

/** Grows whenever {@link buildPrompt} gives another text for the same config: prompts of an older one are built anew. */
export const PROMPT_VERSION = 1;

/**
 * The system prompt of an agent. One definition for the mutations that store it, the rebuild, and workers that find an agent
 * without: the same config gives the same bytes everywhere. Runs in Convex, Node and browsers.
 */
export function buildPrompt(config: AgentConfig): string {
  const { name, language, greeting, instructions, rules = [], tools = [] } = config;
  return [
    `You are ${name}, a voice agent on a phone call. You speak ${language} unless the caller speaks another language.`,
    section('What you do', instructions.trim()),
    section('Rules', list([...SPOKEN, ...rules])),
    section('Tools', list(tools.map((tool) => `${tool.name}: ${tool.description}`))),
    section('How the call began', `You have already said: ${JSON.stringify(greeting)}`),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** What is read aloud is written otherwise than what is read. */
const SPOKEN = [
  'Answer in one to three short sentences, without lists, headings or emoji.',
  'Say numbers, dates and amounts the way people say them.',
  'If you do not know, say so and offer what you can do instead.',
];

function section(title: string, body: string): string {
  return body === '' ? '' : `## ${title}\n${body}`;
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join('\n');
}
