import { tts } from '@livekit/agents';
import type { Call, Reply } from './traffic.fixture.ts';
import type { VirtualClock } from './virtual-clock.fixture.ts';

/** A TTS for one call process. */
export interface CallVoice {
  readonly tts: tts.TTS;
  close?(): Promise<void>;
}

/** An LLM writes a dozen characters at a time. */
const TOKEN_CHARS = 12;
const TOKEN_MS = 30;

/** Has all calls spoken, each at its time by a TTS of its own, as LiveKit does: it hears as fast as audio comes, and plays it. */
export async function speakCalls(
  clock: VirtualClock,
  calls: readonly Call[],
  open: (call: Call) => CallVoice,
): Promise<void> {
  const speak = async (call: Call): Promise<void> => {
    await clock.sleep(call.startMs);
    const voice = open(call);
    for (const reply of call.replies) {
      await speakReply(clock, voice.tts, reply);
      await clock.sleep(call.pauseMs);
    }
    await voice.close?.();
  };
  await clock.run(Promise.all(calls.map(speak)));
}

async function speakReply(clock: VirtualClock, spokenBy: tts.TTS, { text, interruptedAfterMs }: Reply): Promise<void> {
  const stream = spokenBy.stream();
  const write = async (): Promise<void> => {
    for (let at = 0; at < text.length && !stream.abortSignal.aborted; at += TOKEN_CHARS) {
      stream.pushText(text.slice(at, at + TOKEN_CHARS));
      await clock.sleep(TOKEN_MS);
    }
    if (!stream.abortSignal.aborted) stream.endInput();
  };
  const written = write();
  let firstMs: number | undefined;
  let audioMs = 0;
  for await (const item of stream) {
    if (item === tts.SynthesizeStream.END_OF_STREAM || typeof item === 'symbol') break;
    audioMs += (item.frame.samplesPerChannel / item.frame.sampleRate) * 1000;
    if (firstMs !== undefined) continue;
    firstMs = clock.now();
    if (interruptedAfterMs !== undefined) clock.after(interruptedAfterMs, () => stream.close());
  }
  await written;
  stream.close();
  const playedAtMs = (firstMs ?? clock.now()) + Math.min(audioMs, interruptedAfterMs ?? audioMs);
  await clock.sleep(Math.max(0, playedAtMs - clock.now()));
}
