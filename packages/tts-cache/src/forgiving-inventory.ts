import type { PhraseInventory } from './inventory.ts';

/** An inventory that never rejects: what keeps phrases ready is the cache, and a list that fails must not stop it. */
export function forgivingInventory(inventory: PhraseInventory | undefined): PhraseInventory {
  if (inventory === undefined) return NO_INVENTORY;
  return {
    put: (phrase) => attempt('written', () => inventory.put(phrase), undefined),
    drop: (key) => attempt('written', () => inventory.drop(key), undefined),
    list: () => attempt('read', () => inventory.list(), []),
  };
}

const NO_INVENTORY: PhraseInventory = {
  put: async () => undefined,
  drop: async () => undefined,
  list: async () => [],
};

async function attempt<T>(done: string, act: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.emitWarning(`the phrase inventory could not be ${done}: ${reason}`, 'WarmlineInventoryWarning');
    return otherwise;
  }
}
