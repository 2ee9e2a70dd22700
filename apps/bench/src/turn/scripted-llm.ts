import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_API_CONNECT_OPTIONS, llm } from '@livekit/agents';
import { createSentenceSplitter, isSpeakable } from '@warmline/sentences';

/** One token every so many milliseconds. */
const TOKEN_MS = 4;

/** An LLM that writes a given text, token by token, and notes when each sentence became complete. */
export class ScriptedLlm extends llm.LLM {
  /** What the next reply says. */
  text = '';
  /** For each speakable sentence of the last reply: the time of the push that completed it. */
  completedMs: number[] = [];

  override label(): string {
    return 'bench.ScriptedLlm';
  }

  override chat(options: Parameters<llm.LLM['chat']>[0]): llm.LLMStream {
    return new ScriptedStream(this, {
      chatCtx: options.chatCtx,
      ...(options.toolCtx && { toolCtx: options.toolCtx }),
      connOptions: options.connOptions ?? DEFAULT_API_CONNECT_OPTIONS,
    });
  }
}

class ScriptedStream extends llm.LLMStream {
  readonly #script: ScriptedLlm;

  constructor(script: ScriptedLlm, options: ConstructorParameters<typeof llm.LLMStream>[1]) {
    super(script, options);
    this.#script = script;
  }

  protected override async run(): Promise<void> {
    const script = this.#script;
    const splitter = createSentenceSplitter();
    script.completedMs = [];
    let pushedMs = 0;
    const note = (sentences: readonly string[]): void => {
      for (const sentence of sentences) if (isSpeakable(sentence)) script.completedMs.push(pushedMs);
    };
    for (const token of script.text.match(/\S+\s*/gu) ?? []) {
      await sleep(TOKEN_MS);
      pushedMs = performance.now();
      note(splitter.push(token));
      this.queue.put({ id: 'reply', delta: { role: 'assistant', content: token } });
    }
    note(splitter.flush());
  }
}
