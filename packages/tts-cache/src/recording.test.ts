import { expect, test } from 'vitest';
import { Recording } from './recording.ts';
import type { Listener } from './recording.ts';

const chunk = (...samples: number[]) => ({ samples: Int16Array.from(samples), words: undefined });
const COMPLETE = {
  state: 'complete',
  speech: { sampleRate: 8000, channels: 1, samples: Int16Array.of(1, 2, 3), playFrom: 0, playTo: 3, words: undefined },
} as const;

async function hear(listener: Listener): Promise<number[]> {
  const heard: number[] = [];
  for await (const { samples } of listener) heard.push(...samples);
  return heard;
}

const turn = () => new Promise(setImmediate);

function record(): { recording: Recording; abandoned: () => number } {
  let abandoned = 0;
  return { recording: new Recording(() => abandoned++), abandoned: () => abandoned };
}

test('whoever listens hears all of it from the first sample, at whatever moment they join', async () => {
  const { recording, abandoned } = record();
  const early = hear(recording.listen());
  recording.append(chunk(1));
  await turn();
  const middle = hear(recording.listen());
  recording.append(chunk(2));
  recording.append(chunk(3));
  await turn();
  recording.finish(COMPLETE);
  const late = hear(recording.listen());
  expect(await Promise.all([early, middle, late])).toEqual([
    [1, 2, 3],
    [1, 2, 3],
    [1, 2, 3],
  ]);
  expect(await recording.ended).toBe(COMPLETE);
  expect(abandoned()).toBe(0);
});

test('a listener is given what there is at once, not only at the end', async () => {
  const { recording } = record();
  const listener = recording.listen()[Symbol.asyncIterator]();
  recording.append(chunk(1));
  expect((await listener.next()).value).toEqual(chunk(1));
  const next = listener.next();
  recording.append(chunk(2));
  expect((await next).value).toEqual(chunk(2));
});

test('a listener that leaves hears nothing more, at once; the others go on', async () => {
  const { recording, abandoned } = record();
  const leaving = recording.listen();
  const [left, stays] = [hear(leaving), hear(recording.listen())];
  recording.append(chunk(1));
  await turn();
  leaving.leave();
  expect(await left).toEqual([1]);
  recording.append(chunk(2));
  recording.finish(COMPLETE);
  expect(await stays).toEqual([1, 2]);
  expect([abandoned(), recording.abandoned]).toEqual([0, false]);
});

test('it is abandoned once, when the last listener leaves before the end', () => {
  const { recording, abandoned } = record();
  const [one, two] = [recording.listen(), recording.listen()];
  one.leave();
  one.leave();
  expect([abandoned(), recording.abandoned]).toEqual([0, false]);
  two.leave();
  expect([abandoned(), recording.abandoned]).toEqual([1, true]);
  recording.listen().leave();
  expect(abandoned()).toBe(1);
});

test('leaving after the end abandons nothing', () => {
  const { recording, abandoned } = record();
  const listener = recording.listen();
  recording.finish(COMPLETE);
  listener.leave();
  expect([abandoned(), recording.abandoned]).toEqual([0, false]);
});

test('the first end counts, and nothing is added after it', async () => {
  const { recording } = record();
  recording.append(chunk(1));
  recording.finish({ state: 'failed', error: 'first' });
  recording.finish(COMPLETE);
  recording.append(chunk(2));
  expect(await recording.ended).toEqual({ state: 'failed', error: 'first' });
  expect(await hear(recording.listen())).toEqual([1]);
});
