import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_API_CONNECT_OPTIONS, llm } from '@livekit/agents';

/** One token every so many milliseconds, in a call that does not say otherwise. */
export const TOKEN_MS = 4;

/** An LLM that writes a given text, token by token. */
export class ScriptedLlm extends llm.LLM {
  /** What the next reply says. */
  text = '';
  readonly #tokenMs: number;

  constructor(tokenMs: number) {
    super();
    this.#tokenMs = tokenMs;
  }

  override label(): string {
    return 'bench.ScriptedLlm';
  }

  override chat(options: Parameters<llm.LLM['chat']>[0]): llm.LLMStream {
    return new ScriptedStream(this, this.#tokenMs, {
      chatCtx: options.chatCtx,
      ...(options.toolCtx && { toolCtx: options.toolCtx }),
      connOptions: options.connOptions ?? DEFAULT_API_CONNECT_OPTIONS,
    });
  }
}

class ScriptedStream extends llm.LLMStream {
  readonly #text: string;
  readonly #tokenMs: number;

  constructor(script: ScriptedLlm, tokenMs: number, options: ConstructorParameters<typeof llm.LLMStream>[1]) {
    super(script, options);
    this.#text = script.text;
    this.#tokenMs = tokenMs;
  }

  protected override async run(): Promise<void> {
    for (const token of this.#text.match(/\S+\s*/gu) ?? []) {
      await sleep(this.#tokenMs);
      this.queue.put({ id: 'reply', delta: { role: 'assistant', content: token } });
    }
  }
}
