import { defaultMaxBytes, hostDirectory } from './directory.ts';
import { HostTierError } from './errors.ts';
import type { HostListener } from './events.ts';
import { teller } from './events.ts';
import type { HostTierOptions } from './host-tier.ts';
import { HostTier } from './host-tier.ts';
import { LmdbFile } from './lmdb-file.ts';

/** Address space, not memory: LMDB maps anew when a file outgrows its map, and that costs every process a pause. */
const MAP_FACTOR = 4;
const MIN_MAP_BYTES = 2 ** 30;

/**
 * Opens the cache that all processes of this machine (or container) share: an LMDB file, mapped into each of them. Synchronous,
 * some 30 ms in a fresh process, most of it the native module.
 * @returns `undefined` when there can be none here (no native module, unusable directory, full disk): one event says why, and
 * everything works without it.
 * @throws TypeError for an option that is out of range.
 */
export function openHostTier(options: HostTierOptions = {}): HostTier | undefined {
  for (const name of ['maxBytes', 'maxEntryBytes', 'journalCapacity'] as const) {
    const value = options[name];
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 1)) {
      throw new TypeError(`${name} must be a whole number of at least 1, got ${String(value)}`);
    }
  }
  const tell = teller(options.onEvent);
  try {
    const directory = hostDirectory(options);
    const maxBytes = options.maxBytes ?? defaultMaxBytes(directory);
    return open(directory, { ...options, maxBytes }, tell);
  } catch (error) {
    const message = `there is no host tier: ${error instanceof Error ? error.message : String(error)}`;
    tell({
      type: 'host-tier-unavailable',
      error: error instanceof HostTierError ? error : new HostTierError('ERR_HOST_FILE', message, { cause: error }),
    });
    return undefined;
  }
}

/** Damage inside a file shows only when it is read. It is a cache: then it starts anew, once. */
function open(
  directory: string,
  options: HostTierOptions & { readonly maxBytes: number },
  tell: HostListener,
): HostTier {
  const mapBytes = Math.max(MIN_MAP_BYTES, MAP_FACTOR * options.maxBytes);
  const start = (file: LmdbFile): HostTier => {
    const tier = new HostTier(file, options, tell);
    file.onGone((error) => tell({ type: 'host-tier-unavailable', error }));
    return tier;
  };
  const file = LmdbFile.open(directory, mapBytes);
  try {
    return start(file);
  } catch (error) {
    if (error instanceof HostTierError) throw error;
    file.condemn();
    void file.close();
    return start(LmdbFile.open(directory, mapBytes));
  }
}
