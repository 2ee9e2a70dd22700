import { ReadableStream } from 'node:stream/web';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_API_CONNECT_OPTIONS, llm, stt, voice } from '@livekit/agents';

/** A step of a script: it calls the tool `lookUp`, or speaks. */
export type Step = { readonly question: string } | { readonly reply: string };

/** Plays a script, one step for each time it is asked. */
export class ScriptedLlm extends llm.LLM {
  readonly #steps: Step[];
  /** What the tool gave, as the model was told. */
  readonly told: string[] = [];
  calls = 0;

  constructor(steps: readonly Step[]) {
    super();
    this.#steps = [...steps];
  }

  override label(): string {
    return 'scripted.LLM';
  }

  override chat({ chatCtx, toolCtx, connOptions }: Parameters<llm.LLM['chat']>[0]): llm.LLMStream {
    const last = chatCtx.items.at(-1);
    if (last?.type === 'function_call_output') this.told.push(last.output);
    const step = this.#steps.shift() ?? { reply: 'The script is over.' };
    return new ScriptedStream(this, step, `call_${++this.calls}`, {
      chatCtx,
      ...(toolCtx && { toolCtx }),
      connOptions: connOptions ?? DEFAULT_API_CONNECT_OPTIONS,
    });
  }
}

class ScriptedStream extends llm.LLMStream {
  readonly #step: Step;
  readonly #callId: string;

  constructor(
    scripted: ScriptedLlm,
    step: Step,
    callId: string,
    options: ConstructorParameters<typeof llm.LLMStream>[1],
  ) {
    super(scripted, options);
    this.#step = step;
    this.#callId = callId;
  }

  override async run(): Promise<void> {
    const step = this.#step;
    if ('reply' in step) {
      this.queue.put({ id: this.#callId, delta: { role: 'assistant', content: step.reply } });
      return;
    }
    const args = JSON.stringify({ question: step.question });
    const toolCalls = [llm.FunctionCall.create({ callId: this.#callId, name: 'lookUp', args })];
    this.queue.put({ id: this.#callId, delta: { role: 'assistant', toolCalls } });
  }
}

/** A session without a room or a voice: text in, text out. */
export async function startSession(scripted: ScriptedLlm, agent: voice.Agent): Promise<voice.AgentSession> {
  const session = new voice.AgentSession({
    llm: scripted,
    vad: null,
    turnHandling: { turnDetection: null },
    userAwayTimeout: null,
  });
  await session.start({ agent });
  return session;
}

/** Never asked: {@link HearingAgent} hears by itself. */
class NoStt extends stt.STT {
  label = 'none.STT';

  constructor() {
    super({ streaming: true, interimResults: true });
  }

  protected override async _recognize(): Promise<never> {
    throw new Error('not asked');
  }

  override stream(): never {
    throw new Error('not asked');
  }
}

class SilentInput extends voice.AudioInput {}

/** An agent that hears one sentence: its words early, so that an answer can be prepared, and its end some time later. */
export class HearingAgent extends voice.Agent {
  heard = '';

  override async sttNode() {
    const { heard } = this;
    return new ReadableStream<stt.SpeechEvent>({
      async start(events) {
        const { SpeechEventType } = stt;
        const alternatives: stt.SpeechEvent['alternatives'] = [
          { language: 'en' as stt.SpeechData['language'], text: heard, startTime: 0, endTime: 0, confidence: 1 },
        ];
        events.enqueue({ type: SpeechEventType.START_OF_SPEECH });
        await sleep(50);
        events.enqueue({ type: SpeechEventType.PREFLIGHT_TRANSCRIPT, alternatives });
        await sleep(150);
        events.enqueue({ type: SpeechEventType.FINAL_TRANSCRIPT, alternatives });
        events.enqueue({ type: SpeechEventType.END_OF_SPEECH });
      },
    });
  }
}

/** A session that hears what its agent is told to hear. */
export async function startHearing(scripted: ScriptedLlm, agent: HearingAgent): Promise<voice.AgentSession> {
  const session = new voice.AgentSession({
    llm: scripted,
    stt: new NoStt(),
    vad: null,
    turnHandling: { turnDetection: 'stt' },
    userAwayTimeout: null,
  });
  session.input.audio = new SilentInput();
  await session.start({ agent });
  return session;
}
