import type { Invalidation } from '@warmline/cache-core';
import { EVERY_MUTABLE_NAMESPACE } from '@warmline/cache-core/stamps';
import { isReply } from './errors.ts';
import type { Layout } from './layout.ts';
import type { Link } from './link.ts';
import { runScript, SOFTEN } from './scripts.ts';

/** Keys of one command; a longer one would hold up the others. */
const CHUNK = 500;

/**
 * Removes the stamps that an invalidation names, with the values and leases of keys. Deletions are accepted by a server that is
 * full; where a soft one is not, it becomes a hard one. Sent again it does no harm.
 */
export async function invalidate(link: Link, layout: Layout, invalidation: Invalidation): Promise<void> {
  const { soft = false } = invalidation;
  await Promise.all(
    layoutOf(layout, invalidation, soft).map(async (names) => {
      for (let at = 0; at < names.length; at += CHUNK) await voidStamps(link, names.slice(at, at + CHUNK), soft);
    }),
  );
}

async function voidStamps(link: Link, names: readonly string[], soft: boolean): Promise<void> {
  try {
    if (soft) {
      await runScript(link, SOFTEN, names, []);
      return;
    }
  } catch (error) {
    // Also where another type stands in a stamp's place: that guards nothing, and nobody would ever acknowledge.
    if (!isReply(error, 'OOM') && !isReply(error, 'WRONGTYPE')) throw error;
  }
  await link.call('DEL', names);
}

/** What is to be removed, in lists that lie on one server each. */
function layoutOf(layout: Layout, invalidation: Invalidation, soft: boolean): readonly (readonly string[])[] {
  switch (invalidation.kind) {
    case 'keys':
      return [...Map.groupBy(invalidation.keys, (key) => layout.partitionOf(key))].map(([partition, keys]) =>
        keys.flatMap((key) => {
          const stamp = layout.keyStamp(key, partition);
          return soft ? [stamp] : [stamp, layout.value(key, partition), layout.lease(key, partition)];
        }),
      );
    case 'tags':
      return layout.partitions.map((partition) => invalidation.tags.map((tag) => layout.tagStamp(tag, partition)));
    case 'namespace':
      return layout.partitions.map((partition) => [
        invalidation.namespace === EVERY_MUTABLE_NAMESPACE
          ? layout.everyStamp(partition)
          : layout.namespaceStamp(invalidation.namespace, partition),
      ]);
  }
}
