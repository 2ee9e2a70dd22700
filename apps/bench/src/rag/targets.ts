import { distribution } from '../distribution.ts';
import { spreadOf } from '../hot-path/statistics.ts';
import type { Target } from '../targets.ts';
import type { EmbeddingCount } from './embedding.ts';
import type { RagMeasurement } from './measurement.ts';
import { ONE_WAY_MS, SEARCH_MS } from './stage.ts';
import { FRESH_AFTER_MS } from './update.ts';

const HIT_MS = 1;
/** A crowd waits for one search, and little more. */
const CROWD_MS = SEARCH_MS + 2 * ONE_WAY_MS + 100;

/** Times that are wanted. */
export function targetsOf({ hits, host, update, embedding }: RagMeasurement): Target[] {
  const p99 = (name: string, what: string, samples: readonly number[], atMost: number): Target[] => {
    if (samples.length === 0) return [];
    const { p99: median, min, max, n } = distribution(samples);
    return [{ name: `${name}.p99`, what, found: { median, min, max, n }, wanted: { atMost } }];
  };
  return [
    ...p99('hit_ms.process', 'p99 of a hit in the process', hits?.processMs ?? [], HIT_MS),
    ...p99('hit_ms.host', 'p99 of a hit in the host tier', hits?.hostMs ?? [], HIT_MS),
    ...p99(
      'wait_ms',
      'p99 of 1000 askers at once',
      host.flatMap(({ waitsMs }) => waitsMs),
      CROWD_MS,
    ),
    ...(embedding === undefined
      ? []
      : [
          embeddedOnce('embedded_a_text', 'embeddings of a text, one process after another', embedding.inTurn),
          embeddedOnce('embedded_a_text.together', 'the same, all processes at once', embedding.together),
        ]),
    ...p99('fresh_after_ms', 'p99 of the time until a change shows', update?.freshAfterMs ?? [], FRESH_AFTER_MS),
  ];
}

function embeddedOnce(name: string, what: string, { embedded, distinct }: EmbeddingCount): Target {
  return { name, what, found: spreadOf([embedded / distinct]), wanted: { atMost: 1 } };
}
