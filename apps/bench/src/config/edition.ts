import type { AgentConfig } from '@warmline/agent-config';

const MARK = / \(edition (\d+)\)/u;

/** The config with the number of its update where it is seen in the prompt, too: editions of an agent only grow. */
export function withEdition(config: AgentConfig, edition: number): AgentConfig {
  return { ...config, instructions: `${config.instructions.replace(MARK, '')} (edition ${edition})` };
}

/** @param text instructions or a prompt; 0 before the first update. */
export function editionOf(text: string): number {
  return Number(MARK.exec(text)?.[1] ?? 0);
}
