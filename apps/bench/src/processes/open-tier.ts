import { openHostTier } from '@warmline/cache-lmdb';
import type { HostEvent, HostTier, HostTierOptions } from '@warmline/cache-lmdb';

/** Opens the host tier in a folder. @throws Error saying why there can be none: without it there is nothing to measure. */
export function openTier(directory: string, options: HostTierOptions = {}): HostTier {
  let why: unknown;
  const onEvent = (event: HostEvent): void => {
    if (event.type === 'host-tier-unavailable') why = event.error;
    options.onEvent?.(event);
  };
  const tier = openHostTier({ ...options, directory, onEvent });
  if (tier === undefined) throw new Error('no host tier', { cause: why });
  return tier;
}
