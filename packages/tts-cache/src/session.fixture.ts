import { DEFAULT_API_CONNECT_OPTIONS, llm, voice } from '@livekit/agents';
import type { tts } from '@livekit/agents';
import type { AudioFrame } from '@livekit/rtc-node';
import { systemClock } from '@warmline/cache-core';
import { RATE } from './fake-tts.fixture.ts';
import { join } from './join.fixture.ts';

/** Writes the same reply each time, token by token. */
class FakeLlm extends llm.LLM {
  reply = '';

  override label(): string {
    return 'fake.LLM';
  }

  override chat({ chatCtx, toolCtx, connOptions }: Parameters<llm.LLM['chat']>[0]): llm.LLMStream {
    return new FakeLlmStream(this, {
      chatCtx,
      ...(toolCtx && { toolCtx }),
      connOptions: connOptions ?? DEFAULT_API_CONNECT_OPTIONS,
    });
  }
}

class FakeLlmStream extends llm.LLMStream {
  readonly #reply: string;

  constructor(fake: FakeLlm, options: ConstructorParameters<typeof llm.LLMStream>[1]) {
    super(fake, options);
    this.#reply = fake.reply;
  }

  override async run(): Promise<void> {
    for (const token of this.#reply.match(/.{1,4}/gsu) ?? []) {
      await new Promise(setImmediate);
      this.queue.put({ id: 'r', delta: { role: 'assistant', content: token } });
    }
  }
}

/** Keeps what is played, many times faster than real time; playout ends soon after the last frame. */
class MemoryAudioOutput extends voice.AudioOutput {
  /** What was captured since the last `take`. */
  #heard: Int16Array[] = [];
  #pendingMs = 0;
  #cancel: (() => void) | undefined;
  /** How long it "plays" after the last frame. */
  playoutMs = 5;
  onFrame: (() => void) | undefined;

  constructor() {
    super(RATE, undefined, { pause: false });
  }

  /** The samples captured since the last call. */
  take(): Int16Array {
    return join(this.#heard.splice(0));
  }

  override async captureFrame(frame: AudioFrame): Promise<void> {
    await super.captureFrame(frame);
    if (this.#pendingMs === 0) this.onPlaybackStarted(performance.timeOrigin + performance.now());
    this.#pendingMs += (frame.samplesPerChannel / frame.sampleRate) * 1000;
    this.#heard.push(frame.data.slice());
    this.onFrame?.();
  }

  override flush(): void {
    super.flush();
    if (this.#pendingMs > 0) this.#cancel = systemClock.after(this.playoutMs, () => this.#finish(false));
  }

  override clearBuffer(): void {
    if (this.#pendingMs > 0) this.#finish(true);
  }

  #finish(interrupted: boolean): void {
    this.#cancel?.();
    const playbackPosition = this.#pendingMs / 1000;
    this.#pendingMs = 0;
    this.onPlaybackFinished({ playbackPosition, interrupted });
  }
}

/** A session without a room: text in, audio into memory. */
export interface TestSession {
  readonly session: voice.AgentSession;
  readonly output: MemoryAudioOutput;
  readonly errors: unknown[];
  /** Has the agent answer with this text, and waits until it is played. */
  readonly answer: (reply: string) => Promise<Int16Array>;
  /** Has the agent say this, with audio of its own if given, and waits until it is played. */
  readonly say: (text: string, options?: Parameters<voice.AgentSession['say']>[1]) => Promise<Int16Array>;
  /** What the agent said last, as the chat context has it. */
  readonly lastMessage: () => string | undefined;
  /** Characters that LiveKit has counted as sent to a TTS. */
  readonly charactersCounted: () => number;
}

export async function startSession(
  spokenBy: tts.TTS,
  options: { readonly useTtsAlignedTranscript?: boolean } = {},
): Promise<TestSession> {
  const fake = new FakeLlm();
  const output = new MemoryAudioOutput();
  const session = new voice.AgentSession({
    llm: fake,
    tts: spokenBy,
    vad: null,
    turnHandling: { turnDetection: null },
    useTtsAlignedTranscript: options.useTtsAlignedTranscript ?? true,
    // In agents 1.9.0 this timer is started once more while a speaking session closes, and keeps the process alive.
    userAwayTimeout: null,
  });
  const errors: unknown[] = [];
  session.on(voice.AgentSessionEventTypes.Error, ({ error }) => errors.push(error));
  session.output.audio = output;
  await session.start({ agent: new voice.Agent({ instructions: 'Be kind.' }) });
  return {
    session,
    output,
    errors,
    answer: async (reply) => {
      fake.reply = reply;
      await session.run({ userInput: 'Hello?' }).wait();
      return output.take();
    },
    say: async (text, sayOptions) => {
      await session.say(text, sayOptions).waitForPlayout();
      return output.take();
    },
    lastMessage: () =>
      session.history.items.filter((item) => item.type === 'message').findLast(({ role }) => role === 'assistant')
        ?.textContent,
    charactersCounted: () =>
      session.usage.modelUsage.reduce(
        (sum, usage) => sum + ('charactersCount' in usage ? (usage.charactersCount ?? 0) : 0),
        0,
      ),
  };
}
