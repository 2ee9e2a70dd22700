import { inspect } from 'node:util';
import type { Answer, Calls, Question } from './messages.ts';

/** Does what the parent asks for, and ends when the parent has ended. */
export function serve<C extends Calls<C>>(calls: C): void {
  const handlers = new Map(Object.entries<(input: never) => unknown>(calls));
  process.on('disconnect', () => process.exit());
  process.on('message', (question: Question) => void answer(handlers.get(question.call), question));
  send({ type: 'ready' });
}

/** Tells the parent something that it has not asked for. */
export function tell(note: object): void {
  send({ type: 'note', note });
}

async function answer(handler: ((input: never) => unknown) | undefined, { id, call, input }: Question): Promise<void> {
  try {
    if (handler === undefined) throw new Error(`no call '${call}'`);
    send({ type: 'result', id, result: await handler(input as never) });
  } catch (error) {
    send({ type: 'error', id, message: inspect(error) });
  }
}

function send(message: Answer): void {
  process.send?.(message);
}
