import { expect, test } from 'vitest';
import { forecast } from './forecast.ts';
import { observation } from './observation.fixture.ts';

const DAY_MS = 24 * 3_600_000;

/** Two agents with the same greeting in the same voice; the second call of each repeats everything. */
const traffic = ['desk', 'shop', 'desk', 'shop'].flatMap((agent, index) => {
  const more = { agent, language: agent === 'desk' ? 'en-IN' : 'hi-IN', call: `call-${index}` };
  const atMs = index * 60_000;
  return [
    observation('Welcome.', atMs, { ...more, firstAudioMs: 400 + index }),
    observation(`This is the ${agent}.`, atMs + 2000, more),
    observation('Card 12345.', atMs + 4000, { ...more, admitted: false, wouldBeStoredAtMs: undefined }),
    observation('!!', atMs + 6000, { ...more, speakable: false, wouldBeStoredAtMs: undefined }),
  ];
});

test('hits are counted in sentences and characters, altogether and by agent and language', () => {
  const { calls, all, groups, notAdmitted } = forecast(traffic);
  expect(calls).toBe(4);
  expect(notAdmitted).toBe(4);
  expect(all).toEqual({ sentences: 12, characters: 4 * (8 + 17 + 11), hits: 5, hitCharacters: 3 * 8 + 2 * 17 });
  expect(groups).toEqual([
    { agent: 'desk', language: 'en-IN', sentences: 6, characters: 72, hits: 2, hitCharacters: 25 },
    { agent: 'shop', language: 'hi-IN', sentences: 6, characters: 72, hits: 3, hitCharacters: 33 },
  ]);
});

test('the first call of each agent is one on a machine of its own', () => {
  const twice = observation('Welcome.', 30_000, { agent: 'desk', call: 'call-0' });
  expect(forecast([...traffic, twice]).firstCalls).toEqual({ sentences: 7, characters: 80, hits: 1, hitCharacters: 8 });
});

test('steady is the second half of the sentences, or from the second day on where there are two', () => {
  expect(forecast(traffic).steady).toEqual({
    sentences: 6,
    characters: 72,
    hits: 4,
    hitCharacters: 50,
    since: 'second-half',
  });
  const later = (days: number) => observation('Welcome.', days * DAY_MS, { call: 'late' });
  expect(forecast([...traffic, later(1.9)]).steady.since).toBe('second-half');
  expect(forecast([...traffic, later(1), later(2)]).steady).toEqual({
    sentences: 2,
    characters: 16,
    hits: 0,
    hitCharacters: 0,
    since: 'first-day',
  });
});

test('savings are those of a day, and less than a day is not extrapolated', () => {
  const short = forecast(traffic);
  expect(short.period.days).toBe(1);
  expect(short.perDay.hitCharacters).toBe(58);
  // Of the replies: 400 was a miss, 401, 402 and 403 would have been hits.
  expect(short.perDay.waitMs).toBe(401 + 402 + 403);
  expect(short.firstAudio).toEqual({ meanMs: 401.5, replies: 4 });
  const { period, perDay } = forecast([...traffic, observation('Bye.', 4 * DAY_MS)]);
  expect(period.untilMs - period.fromMs).toBe(4 * DAY_MS);
  expect(perDay.hitCharacters).toBeCloseTo(58 / 4);
  expect(perDay.waitMs).toBeCloseTo(1206 / 4);
  expect(perDay.money[0]?.saved).toBeCloseTo(short.perDay.money[0]!.saved / 4);
});

test('money is the list price by provider and model, or your own for all', () => {
  const strange = { provider: 'acme', model: 'x1', key: 'k' };
  const mixed = [...traffic, observation('Hello.', 0, strange), observation('Hello.', 5000, strange)];
  const list = forecast(mixed).perDay;
  expect(list.unpriced).toEqual(['acme x1']);
  expect(list.money).toHaveLength(1);
  expect(list.money[0]).toMatchObject({ currency: 'INR', asOf: expect.stringMatching(/^\d{4}-/u) });
  expect(list.money[0]!.saved).toBeCloseTo(0.003 * 58);
  expect(list.money[0]!.spent).toBeCloseTo(0.003 * 144);
  const own = forecast(mixed, { price: { currency: 'EUR', perThousandChars: 0.1 } }).perDay;
  expect(own.unpriced).toEqual([]);
  expect(own.money).toEqual([
    { currency: 'EUR', saved: expect.closeTo(0.0064), spent: expect.closeTo(0.0156), asOf: undefined },
  ]);
});

test('the phrases that save most are told where text was kept', () => {
  expect(forecast(traffic).phrases).toEqual([
    { text: 'Welcome.', said: 4, hits: 3, hitCharacters: 24 },
    { text: 'This is the desk.', said: 2, hits: 1, hitCharacters: 17 },
    { text: 'This is the shop.', said: 2, hits: 1, hitCharacters: 17 },
  ]);
  expect(forecast(traffic, { phrases: 1 }).phrases).toHaveLength(1);
  const hashed = traffic.map(({ text: _text, ...rest }) => rest);
  expect(forecast(hashed).phrases).toBeUndefined();
  expect(forecast(hashed).all).toEqual(forecast(traffic).all);
});
