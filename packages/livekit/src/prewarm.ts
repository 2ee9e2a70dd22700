import type { Cache } from '@warmline/cache-core';
import type { PhraseInventory, Speech } from '@warmline/tts-cache';

/** Half of what a process keeps in front of a host tier; the rest is for what the call itself says. */
const MAX_BYTES = 4 * 2 ** 20;
/** Between two of them the event loop turns. */
const CHUNK = 4;

/**
 * Brings the phrases that are kept ready on this machine into this process, before a call needs its greeting: it is then
 * heard without a look at the file. Never rejects; what is not here is found there.
 */
export async function prewarm(phrases: Cache<Speech>, inventory: PhraseInventory): Promise<void> {
  try {
    let bytes = 0;
    const keys: string[] = [];
    for (const phrase of await inventory.list()) {
      bytes += phrase.bytes;
      if (bytes > MAX_BYTES) break;
      keys.push(phrase.key);
    }
    for (let at = 0; at < keys.length; at += CHUNK) {
      await new Promise<void>((resolve) => {
        setImmediate(resolve).unref();
      });
      await phrases.warm(keys.slice(at, at + CHUNK));
    }
  } catch {
    // The first call that needs the host tier reports what is wrong with it.
  }
}
