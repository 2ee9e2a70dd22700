import type { ScenarioResult } from '../scenario.ts';
import { table } from '../tables.ts';
import { paragraph } from './paragraph.ts';
import type { Moment, Timeline } from './part-timeline.ts';

const WIDTH = 48;

export function timelineSection(timeline: Timeline): ScenarioResult['sections'][number] {
  const { moments, repliedMs, lastOldMs, allNewMs } = timeline;
  const perMs = WIDTH / Math.max(...moments.map(({ atMs, untilMs = atMs }) => untilMs));
  return {
    title: paragraph(
      'One update across two hosts with four processes each, without Redis; ms since the mutation was sent. Every process reads ' +
        'the agent each ms. a1: the first process of host a. Whoever loads it is seen; the others of its host wait for that load, or find it.',
    ),
    body: `${table(
      ['where', 'what', 'at ms', 'until', bar({ where: '', what: '', atMs: 0 }, 0)],
      moments.map((moment) => [
        moment.where,
        moment.what,
        moment.atMs.toFixed(1),
        moment.untilMs?.toFixed(1) ?? '',
        bar(moment, perMs),
      ]),
    )}\n${paragraph(
      `The last read that was served the old version began ${(lastOldMs - repliedMs).toFixed(1)} ms after the reply; every process ` +
        `had the new one ${(allNewMs - repliedMs).toFixed(1)} ms after it.`,
    )}`,
  };
}

/** All of the same width, so that they stand under each other in a column that is set to the right. */
function bar({ atMs, untilMs = atMs }: Moment, perMs: number): string {
  const from = Math.min(WIDTH - 1, Math.floor(atMs * perMs));
  const length = Math.max(1, Math.round((untilMs - atMs) * perMs));
  return (' '.repeat(Math.max(0, from)) + (perMs === 0 ? '' : '█'.repeat(length))).padEnd(WIDTH).slice(0, WIDTH);
}
