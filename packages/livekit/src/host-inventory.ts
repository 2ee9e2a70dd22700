import { hash } from 'node:crypto';
import type { HostTier } from '@warmline/cache-lmdb';
import type { InventoryPhrase, PhraseInventory } from '@warmline/tts-cache';

/** The phrases that agents of one scope keep ready, written down in the machine's host tier. */
export function hostInventory({ records }: HostTier, scope: string): PhraseInventory {
  const prefix = `inventory/${digest(scope)}/`;
  return {
    put: (phrase) => records.put(prefix + digest(phrase.key), phrase),
    drop: (key) => records.remove(prefix + digest(key)),
    list: async () => [...records.list(prefix).values()].filter(isPhrase),
  };
}

function digest(text: string): string {
  return hash('sha256', text, 'hex').slice(0, 32);
}

/** A record of another version may be anything. */
function isPhrase(document: unknown): document is InventoryPhrase {
  return (
    typeof document === 'object' &&
    document !== null &&
    'key' in document &&
    typeof document.key === 'string' &&
    'text' in document &&
    typeof document.text === 'string'
  );
}
