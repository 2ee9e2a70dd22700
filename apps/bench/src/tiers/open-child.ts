import { hash } from 'node:crypto';
import { openHostTier } from '@warmline/cache-lmdb';
import type { Done } from './bare-child.ts';

/** What has been read in a fresh process. */
export interface Opened extends Done {
  /** Of the frame. */
  readonly sha256: string;
}

const [directory = '', namespace = '', key = ''] = process.argv.slice(2);
const tier = openHostTier({ directory });
const frames = await tier?.read([{ namespace, key, tags: [] }]);
const doneMs = Number(process.hrtime.bigint()) / 1e6;
const bytes = frames?.[0]?.bytes ?? new Uint8Array();
process.send?.({ doneMs, sha256: hash('sha256', bytes, 'hex') } satisfies Opened, () => process.exit());
