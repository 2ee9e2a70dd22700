import { hash } from 'node:crypto';
import type { InventoryPhrase } from '@warmline/tts-cache';
import { hostInventory } from '../host-inventory.ts';
import { UsageError } from '../observe/usage-error.ts';
import type { Machine } from './machine.ts';

const ID_DIGITS = 8;

/** A phrase as commands show and name it. */
export interface ListedPhrase extends InventoryPhrase {
  /** A short name for the command line. */
  readonly id: string;
}

/** The inventory, by text. */
export async function listPhrases(machine: Machine): Promise<readonly ListedPhrase[]> {
  const phrases = await hostInventory(machine.host, machine.scope).list();
  return phrases
    .map((phrase) => ({ ...phrase, id: hash('sha256', phrase.key, 'hex').slice(0, ID_DIGITS) }))
    .toSorted((one, other) => one.text.localeCompare(other.text) || one.id.localeCompare(other.id));
}

/** The phrases that are named by id, or by their whole text. @throws UsageError for a name that is neither. */
export async function findPhrases(machine: Machine, names: readonly string[]): Promise<readonly ListedPhrase[]> {
  const phrases = await listPhrases(machine);
  return names.flatMap((name) => {
    const found = phrases.filter(({ id, text }) => id === name || text === name);
    if (found.length > 0) return found;
    throw new UsageError(
      `no phrase '${name}' in scope '${machine.scope}'; 'phrases list' shows the ${phrases.length} there are`,
    );
  });
}
