import { tts } from '@livekit/agents';
import type { ObservedReply, ReplyEnd } from './observed-reply.ts';

/** Hands each call on to what observes; what fails there is told once and reaches nobody's call. */
export type Quietly = (observe: () => void) => void;

/**
 * Listens at the doors of a stream of the inner TTS. It stays that very stream: a second one around it would add its own
 * retries, metrics and a hop to each frame. `updateInputStream` and `endInput` of the base class come through `pushText` and
 * `flush` (agents 1.9.0).
 */
export function observeStream(
  stream: tts.SynthesizeStream,
  open: () => ObservedReply,
  quietly: Quietly,
): tts.SynthesizeStream {
  const inner = {
    pushText: stream.pushText.bind(stream),
    flush: stream.flush.bind(stream),
    next: stream.next.bind(stream),
    close: stream.close.bind(stream),
  };
  let reply = open();
  let over = false;
  const settle = (end: ReplyEnd): void => {
    const ended = reply;
    // Text after an END_OF_STREAM is another segment, where a provider has such.
    reply = open();
    quietly(() => ended.settle(end));
  };
  const finish = (end: ReplyEnd): void => {
    if (over) return;
    over = true;
    settle(end);
  };
  stream.pushText = (text) => {
    if (!over) quietly(() => reply.push(text));
    inner.pushText(text);
  };
  stream.flush = () => {
    if (!over) quietly(() => reply.flush());
    inner.flush();
  };
  stream.next = () =>
    watched(inner.next(), (item) => {
      if (over) return;
      // The base class hides a failure: the iteration just ends without an END_OF_STREAM.
      if (item.done === true) finish('failed');
      else if (item.value === tts.SynthesizeStream.END_OF_STREAM) settle('whole');
      else {
        const audio = item.value;
        quietly(() => reply.hear(audio));
      }
    });
  stream.close = () => {
    finish('interrupted');
    inner.close();
  };
  return stream;
}

/** The same for a text that is spoken as a whole. */
export function observeChunkedStream(
  stream: tts.ChunkedStream,
  reply: ObservedReply,
  quietly: Quietly,
): tts.ChunkedStream {
  const inner = { next: stream.next.bind(stream), close: stream.close.bind(stream) };
  const failed = watchFailure(stream);
  let over = false;
  const finish = (end: ReplyEnd): void => {
    if (over) return;
    over = true;
    quietly(() => reply.settle(end));
  };
  quietly(() => {
    reply.push(stream.inputText);
    reply.flush();
  });
  stream.next = () =>
    watched(inner.next(), (item) => {
      if (over) return;
      if (item.done !== true) quietly(() => reply.hear(item.value));
      else if (stream.abortSignal.aborted) finish('interrupted');
      else finish(failed() ? 'failed' : 'whole');
    });
  stream.close = () => {
    finish('interrupted');
    inner.close();
  };
  return stream;
}

/** Sees an item before its receiver does, who gets the same promise. */
function watched<T>(item: Promise<T>, see: (item: T) => void): Promise<T> {
  // A rejection is its receiver's to handle.
  item.then(see, () => undefined);
  return item;
}

/**
 * Whether a chunked stream failed. Its iteration ends as after a success (agents 1.9.0), and an `error` listener of ours would
 * change what an unheard error does: so the task is watched, which starts a tick later, and fails on as before.
 */
function watchFailure(stream: tts.ChunkedStream): () => boolean {
  const mainTask: unknown = Reflect.get(stream, 'mainTask');
  let failed = false;
  if (typeof mainTask !== 'function') return () => failed;
  Reflect.set(stream, 'mainTask', async (): Promise<void> => {
    try {
      await Reflect.apply(mainTask, stream, []);
    } catch (error) {
      failed = true;
      throw error;
    }
  });
  return () => failed;
}
