import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentConfigService } from '@warmline/agent-config';
import { monotonicMs } from '../processes/monotonic.ts';
import { editionOf } from './edition.ts';

/** Agent, edition and begin of each read, one behind another. */
export type Reads = Float64Array;
export const READ_FIELDS = 3;

/** What a process was served. */
export interface Served {
  readonly configs: Reads;
  readonly prompts: Reads;
  /** Reads that rejected, had nothing, or had another agent. */
  readonly failed: number;
  /** Why, without repetitions. */
  readonly failures: readonly string[];
  /** How often this process has told that the source did not answer, and that what was last good is served. */
  readonly lastGoodEvents: number;
  readonly lagMs: number;
}

/** Of one agent and kind: a read that waits for the source must not be in the way of those after it. */
const MAX_WAITING = 4;

/** Reads the config and the prompt of every agent again and again, and notes what was served. */
export class Reading {
  readonly #agents: AgentConfigService;
  readonly #agentIds: readonly string[];
  readonly #waiting: { config: number; prompt: number }[];
  #configs: number[] = [];
  #prompts: number[] = [];
  #failed = 0;
  readonly #failures = new Set<string>();
  #isOver = false;
  #running: Promise<void> | undefined;

  constructor(agents: AgentConfigService, agentIds: readonly string[]) {
    this.#agents = agents;
    this.#agentIds = agentIds;
    this.#waiting = agentIds.map(() => ({ config: 0, prompt: 0 }));
  }

  begin(everyMs: number): void {
    this.#running ??= this.#run(everyMs);
  }

  /** Resolves when the last read has been answered. */
  async end(): Promise<Omit<Served, 'lagMs' | 'lastGoodEvents'>> {
    this.#isOver = true;
    await this.#running;
    while (this.#waiting.some(({ config, prompt }) => config + prompt > 0)) await sleep(1);
    return {
      configs: Float64Array.from(this.#configs),
      prompts: Float64Array.from(this.#prompts),
      failed: this.#failed,
      failures: [...this.#failures],
    };
  }

  async #run(everyMs: number): Promise<void> {
    while (!this.#isOver) {
      for (const [agent, agentId] of this.#agentIds.entries()) {
        void this.#read(agent, 'config', this.#configs, () => this.#configText(agentId));
        void this.#read(agent, 'prompt', this.#prompts, () => this.#promptText(agentId));
      }
      await sleep(everyMs);
    }
  }

  async #read(
    agent: number,
    kind: 'config' | 'prompt',
    noted: number[],
    text: () => Promise<string | undefined>,
  ): Promise<void> {
    const waiting = this.#waiting[agent];
    if (waiting === undefined || waiting[kind] >= MAX_WAITING) return;
    waiting[kind]++;
    const startedMs = monotonicMs();
    const found = await text().catch((error: unknown) => void this.#failures.add(String(error)));
    waiting[kind]--;
    if (found === undefined) this.#failed++;
    else noted.push(agent, editionOf(found), startedMs);
  }

  async #configText(agentId: string): Promise<string | undefined> {
    const agent = await this.#agents.loadAgentConfig(agentId);
    return agent?.agentId === agentId ? agent.config.instructions : undefined;
  }

  async #promptText(agentId: string): Promise<string | undefined> {
    return (await this.#agents.getCachedFullPrompt(agentId))?.prompt;
  }
}
