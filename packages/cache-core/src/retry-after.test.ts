import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createCache } from './index.ts';
import { FakeClock } from './testing/index.ts';
import { Recorder } from './tier.fixture.ts';

/** Fails with the error, again and again. @returns the delay that is told, when the source is asked again after it. */
async function backOffAfter(error: unknown, backOffMs: number) {
  const clock = new FakeClock();
  const recorder = new Recorder();
  const cache = createCache<string>({ name: 'n', clock, backOffMs, onEvent: recorder.onEvent });
  let calls = 0;
  const ask = () =>
    expect(
      cache.getOrLoad('k', () => {
        calls++;
        throw error;
      }),
    ).rejects.toBe(error);
  await ask();
  const delayMs = recorder.of('back-off')[0]?.delayMs ?? 0;
  await clock.advance(Math.max(0, delayMs - 1));
  await ask();
  expect(calls).toBe(delayMs === 0 ? 2 : 1);
  await clock.advance(1);
  await ask();
  expect(calls).toBe(delayMs === 0 ? 3 : 2);
  return delayMs;
}

const errorWith = (more: object): Error => Object.assign(new Error('429 too many requests'), more);
const seconds = (text: string): [string, unknown][] => [
  ['headers of fetch', errorWith({ headers: new Headers({ 'Retry-After': text }) })],
  ['plain headers', errorWith({ headers: { 'retry-after': text } })],
  ['plain headers in capitals', errorWith({ headers: { 'Retry-After': text } })],
  ['headers of the response', errorWith({ response: { headers: new Headers({ 'retry-after': text }) } })],
  ['plain headers of the response', errorWith({ response: { headers: { 'retry-after': text } } })],
];

describe('a longer wait that the error asks for is respected', () => {
  test.each([
    ['retryAfterMs', errorWith({ retryAfterMs: 7000 })],
    ['retryAfterMs of something that is no Error', { retryAfterMs: 7000 }],
    ...seconds('7'),
    ['plain headers with a number', errorWith({ headers: { 'retry-after': 7 } })],
  ])('%s, with back-off and without', async (_, error) => {
    expect(await backOffAfter(error, 1000)).toBe(7000);
    expect(await backOffAfter(error, 0)).toBe(7000);
  });

  test('also when it is longer than 30 s', async () => {
    expect(await backOffAfter(errorWith({ retryAfterMs: 120_000 }), 1000)).toBe(120_000);
  });

  test('a shorter one is not', async () => {
    expect(await backOffAfter(errorWith({ retryAfterMs: 20 }), 1000)).toBe(1000);
    for (const [, error] of seconds('0')) expect(await backOffAfter(error, 1000)).toBe(1000);
  });
});

describe('what is no wait is ignored', () => {
  const throwing = Object.defineProperty(new Error('x'), 'headers', {
    get() {
      throw new Error('no headers');
    },
  });
  const garbage: [string, unknown][] = [
    ...[Number.NaN, -1, 0, 'soon', null, {}, [], true, 7n].map((value): [string, unknown] => [
      `retryAfterMs ${typeof value} ${inspect(value)}`,
      errorWith({ retryAfterMs: value }),
    ]),
    ...['', ' ', 'soon', '-5', 'NaN', '7 apples', '0x10', '1e9'].flatMap((text) =>
      seconds(text).map(([name, error]): [string, unknown] => [`${name} '${text}'`, error]),
    ),
    ['a date that is over', errorWith({ headers: { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' } })],
    ['headers that are null', errorWith({ headers: null })],
    ['headers that are text', errorWith({ headers: 'retry-after: 7' })],
    ['headers without it', errorWith({ headers: new Headers({ 'x-other': '7' }) })],
    ['headers whose get is not theirs', errorWith({ headers: { get: 7 } })],
    ['headers whose get throws', errorWith({ headers: { get: () => { throw new Error('no'); } } })], // prettier-ignore
    ['headers whose get answers an object', errorWith({ headers: { get: () => ({}) } })],
    ['headers that throw', throwing],
    ['a symbol', errorWith({ headers: { 'retry-after': Symbol('7') } })],
    ['a response that is null', errorWith({ response: null })],
    ['null itself', null],
    ['undefined itself', undefined],
    ['text', 'retry-after: 7'],
  ];

  test.each(garbage)('%s', async (_, error) => {
    expect(await backOffAfter(error, 1000)).toBe(1000);
    expect(await backOffAfter(error, 0)).toBe(0);
  });

  test('an endless wait blocks no key for ever', async () => {
    for (const error of [
      errorWith({ retryAfterMs: Infinity }),
      errorWith({ headers: { 'retry-after': 'Infinity' } }),
    ]) {
      expect(await backOffAfter(error, 1000)).toBeLessThan(Infinity);
    }
  });
});
