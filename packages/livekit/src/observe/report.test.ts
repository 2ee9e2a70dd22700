import { expect, test } from 'vitest';
import { forecast } from './forecast.ts';
import { observation } from './observation.fixture.ts';
import { formatReport } from './report.ts';

const HOUR_MS = 3_600_000;
const source = { directories: ['/var/observations'], secretIds: new Set(['a']), unreadable: 0 };

const traffic = Array.from({ length: 1300 }, (_, index) => {
  const more = { call: `call-${Math.floor(index / 10)}`, firstAudioMs: index % 10 === 0 ? 500 : undefined };
  return observation(`Sentence ${index % 650}.`, index * 60_000, more);
});

test('a report says what was observed, what would have been saved, what it assumes and what it does not know', () => {
  expect(formatReport(forecast(traffic, { phrases: 2 }), source)).toMatchInlineSnapshot(`
    "Observed in /var/observations
    2026-11-21 09:00 – 2026-11-22 06:39 UTC (21.7 hours): 130 calls, 1,300 sentences, 16,680 characters
    0 of the sentences would not be stored: the admission policy keeps them out

    Would have been replayed
                                                sentences  hits           characters   hits
    all                                             1,300   650   50.0 %      16,680  8,340   50.0 %
    first call of each agent, empty cache              10     0    0.0 %         110      0    0.0 %
    steady state: second half of the sentences        650   650  100.0 %       8,340  8,340  100.0 %
    agent desk, en-IN                               1,300   650   50.0 %      16,680  8,340   50.0 %

    Would have been saved, in the time observed, not extrapolated to a day
      8,340 characters
      INR 25.02 of 50.04 (list price of 2026-09-20)
      32.5 s of waiting for the first audio of a reply, which took 500 ms (mean of 130 replies)

    Phrases that save most: give them to warmPhrases
    said  hits  characters saved  phrase
       2     1                13  "Sentence 100."
       2     1                13  "Sentence 101."

    Assumed: a process tier for each call and one host tier for all, empty at first, 24 h to live, nothing evicted
    Not known: where a sentence ends in the audio; it was shared out by length of text
    "
  `);
});

test('what is not known is said', () => {
  const strange = traffic.slice(0, 20).map(({ text: _text, ...rest }) => ({
    ...rest,
    provider: 'acme',
    model: 'x1',
    firstAudioMs: undefined,
    agent: undefined,
    language: undefined,
  }));
  const lines = formatReport(forecast(strange), {
    directories: ['/a', '/b'],
    secretIds: new Set(['a', 'b']),
    unreadable: 3,
  });
  expect(lines).toContain('no price known for acme x1: pass --price');
  expect(lines).toContain('(0.3 hours)');
  expect(lines).toContain('in the time observed, not extrapolated to a day');
  expect(lines).toContain('which was not measured');
  expect(lines).toContain('no text was kept (option keepText)');
  expect(lines).toContain('agent (no name), no language given');
  expect(lines).toContain('written with different secrets (there are 2)');
  expect(lines).toContain('3 lines that cannot be read');
  expect(lines).not.toContain('of one machine');
});

test('directories with one secret are taken for one machine, a price of your own is called so, days are days', () => {
  const price = { currency: 'EUR', perThousandChars: 0.1 };
  const long = [...traffic, observation('Bye.', 100 * HOUR_MS)];
  const lines = formatReport(forecast(long, { price }), { ...source, directories: ['/a', '/b'] });
  expect(lines).toContain('all directories are of one machine, or share a cluster tier');
  expect(lines).toContain('(your price)');
  expect(lines).toContain('(4.2 days)');
  expect(lines).toContain('steady state: after the first day');
});

test('a control character in a text does not reach the terminal', () => {
  const wicked = [0, 5000].map((atMs) => observation('Hi \u001b[2J.', atMs));
  expect(formatReport(forecast(wicked), source)).not.toContain('\u001b');
});
