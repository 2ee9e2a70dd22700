import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openHostTier } from '@warmline/cache-lmdb';
import type { HostTier } from '@warmline/cache-lmdb';
import { expect, onTestFinished, test } from 'vitest';
import { HostWatch } from './host-watch.ts';

async function openTier(): Promise<HostTier> {
  const directory = await mkdtemp(join(tmpdir(), 'warmline-record-'));
  const tier = openHostTier({ directory });
  if (tier === undefined) throw new Error('there is no host tier here');
  onTestFinished(async () => {
    await tier.close();
    await rm(directory, { recursive: true });
  });
  return tier;
}

test('what is written is what all of its scope read, and no other scope', async () => {
  const host = await openTier();
  const [writer, reader, foreign] = [
    new HostWatch(host, 'acme'),
    new HostWatch(host, 'acme'),
    new HostWatch(host, 'other'),
  ];
  expect([reader.read(), reader.state()]).toEqual([undefined, 'none']);
  await writer.write({ position: 2n ** 60n + 1n, liveForMs: 60_000 });
  expect([reader.read(), reader.state()]).toEqual([{ position: 2n ** 60n + 1n }, 'live']);
  expect([foreign.read(), foreign.state()]).toEqual([undefined, 'none']);
  await writer.write({ liveForMs: 0 });
  expect([reader.read(), reader.state()]).toEqual([{}, 'lapsed']);
});

test.each([
  [[]],
  [{}],
  [{ liveUntilMs: 'for ever' }],
  [{ position: 5, liveUntilMs: 1 }],
  [{ position: 'x', liveUntilMs: 1 }],
  [{ position: '-1', liveUntilMs: 1 }],
])('a record that is none of ours is none: %j', async (document) => {
  const host = await openTier();
  await host.records.put('watch/acme', document);
  const watch = new HostWatch(host, 'acme');
  expect([watch.read(), watch.state()]).toEqual([undefined, 'none']);
});
