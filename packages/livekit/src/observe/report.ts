import type { Forecast, Share } from './forecast.ts';
import type { ReadLogs } from './log-directory.ts';
import { textTable } from './text-table.ts';

/** Where a forecast comes from. */
export type ReportSource = Pick<ReadLogs, 'secretIds' | 'unreadable'> & { readonly directories: readonly string[] };

const count = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const decimal = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });
const amount = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const moment = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'short', timeZone: 'UTC' });

const HOUR_MS = 3_600_000;

/** A forecast for people: what was observed, what would have been saved, what was assumed, what is not known. */
export function formatReport(forecast: Forecast, source: ReportSource): string {
  return [observed(forecast, source), shares(forecast), perDay(forecast), phrases(forecast), limits(forecast, source)]
    .map((lines) => lines.join('\n'))
    .join('\n\n')
    .concat('\n');
}

function observed({ period, calls, all, notAdmitted }: Forecast, { directories }: ReportSource): string[] {
  const lengthMs = period.untilMs - period.fromMs;
  const length =
    lengthMs < 48 * HOUR_MS ? `${decimal.format(lengthMs / HOUR_MS)} hours` : `${decimal.format(period.days)} days`;
  return [
    `Observed in ${directories.join(', ')}`,
    `${moment.format(period.fromMs)} – ${moment.format(period.untilMs)} UTC (${length}): ${count.format(calls)} calls, ` +
      `${count.format(all.sentences)} sentences, ${count.format(all.characters)} characters`,
    `${count.format(notAdmitted)} of the sentences would not be stored: the admission policy keeps them out`,
  ];
}

function shares({ all, firstCalls, steady, groups }: Forecast): string[] {
  const steadyName = steady.since === 'first-day' ? 'after the first day' : 'second half of the sentences';
  const rows: [string, Share][] = [
    ['all', all],
    ['first call of each agent, empty cache', firstCalls],
    [`steady state: ${steadyName}`, steady],
    ...groups.map(({ agent, language, ...share }): [string, Share] => [
      `agent ${agent ?? '(no name)'}, ${language ?? 'no language given'}`,
      share,
    ]),
  ];
  return [
    'Would have been replayed',
    textTable([
      ['', 'sentences', 'hits', '', 'characters', 'hits', ''],
      ...rows.map(([name, { sentences, characters, hits, hitCharacters }]) => [
        name,
        count.format(sentences),
        count.format(hits),
        percent(hits, sentences),
        count.format(characters),
        count.format(hitCharacters),
        percent(hitCharacters, characters),
      ]),
    ]),
  ];
}

function perDay({ perDay: saved, firstAudio, period }: Forecast): string[] {
  const span = period.days === 1 ? 'in the time observed, not extrapolated to a day' : 'a day';
  return [
    `Would have been saved, ${span}`,
    `  ${count.format(saved.hitCharacters)} characters`,
    ...saved.money.map(
      (money) =>
        `  ${money.currency} ${amount.format(money.saved)} of ${amount.format(money.spent)} ` +
        (money.asOf === undefined ? '(your price)' : `(list price of ${money.asOf})`),
    ),
    ...saved.unpriced.map((name) => `  no price known for ${name}: pass --price`),
    `  ${decimal.format(saved.waitMs / 1000)} s of waiting for the first audio of a reply, ` +
      (firstAudio.replies === 0
        ? 'which was not measured'
        : `which took ${count.format(firstAudio.meanMs)} ms (mean of ${count.format(firstAudio.replies)} replies)`),
  ];
}

function phrases({ phrases: repeated }: Forecast): string[] {
  if (repeated === undefined) return ['Which phrases to warm is not known: no text was kept (option keepText)'];
  return [
    'Phrases that save most: give them to warmPhrases',
    textTable(
      [
        ['said', 'hits', 'characters saved', 'phrase'],
        // Quoted, so that a control character in a text cannot reach the terminal.
        ...repeated.map(({ text, said, hits, hitCharacters }) => [
          ...[said, hits, hitCharacters].map((number) => count.format(number)),
          JSON.stringify(text),
        ]),
      ],
      true,
    ),
  ];
}

function limits({ hostTtlMs }: Forecast, { directories, secretIds, unreadable }: ReportSource): string[] {
  const hours = count.format(hostTtlMs / HOUR_MS);
  return [
    `Assumed: a process tier for each call and one host tier for all, empty at first, ${hours} h to live, nothing evicted`,
    ...(directories.length > 1 && secretIds.size === 1
      ? ['Assumed: all directories are of one machine, or share a cluster tier']
      : []),
    ...(secretIds.size > 1
      ? [
          `Not known: what repeats between logs written with different secrets (there are ${secretIds.size}); ` +
            'the same sentence counts as new in each. Give all machines the same secret',
        ]
      : []),
    ...(unreadable > 0 ? [`Not known: what stood in ${count.format(unreadable)} lines that cannot be read`] : []),
    'Not known: where a sentence ends in the audio; it was shared out by length of text',
  ];
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`;
}
