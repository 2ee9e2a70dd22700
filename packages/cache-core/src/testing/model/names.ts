import type { EntryRef, Invalidation } from '../../contracts/invalidation.ts';
import { EVERY_MUTABLE_NAMESPACE } from '../../contracts/invalidation.ts';
import { createKeyspace } from '../../keyspace.ts';
import { KEY_COUNT } from './commands.ts';

/** The name of every cache of a model. */
export const NAME = 'model';
const SCOPES = ['one', 'two'] as const;
export const TAGS = 4;
export function tagOf(key: string): string {
  return `tag ${Number(key) % TAGS}`;
}

/** Where a cache lives, as far as names go. */
interface Scoped {
  readonly scope: string;
}

/** Which cells physical names stand for, and the other way round. */
export class Names {
  readonly #cells = new Map<string, readonly string[]>();

  constructor() {
    for (const scope of SCOPES) this.#nameAll(scope);
  }

  cellOf({ scope }: Scoped, key: string): string {
    return `${scope}:${key}`;
  }

  refOf({ scope }: Scoped, key: string): EntryRef {
    return createKeyspace({ name: NAME, scope }).refOf(key, [tagOf(key)]);
  }

  invalidation({ scope }: Scoped, what: { keys?: string[]; tag?: number; soft?: boolean }): Invalidation {
    const space = createKeyspace({ name: NAME, scope });
    const { namespace } = space;
    const soft = what.soft === true ? { soft: true } : {};
    if (what.keys !== undefined)
      return { kind: 'keys', namespace, keys: what.keys.map((key) => space.keyOf(key)), ...soft };
    if (what.tag !== undefined) return { kind: 'tags', namespace, tags: [space.tagOf(`tag ${what.tag}`)], ...soft };
    return { kind: 'namespace', namespace, ...soft };
  }

  /** The cells that an invalidation names. */
  cellsOf(invalidation: Invalidation): readonly string[] {
    if (invalidation.kind === 'namespace') return this.#cells.get(invalidation.namespace) ?? [];
    const names = invalidation.kind === 'keys' ? invalidation.keys : invalidation.tags;
    return names.flatMap((name) => this.#cells.get(name) ?? []);
  }

  #nameAll(scope: string): void {
    const space = createKeyspace({ name: NAME, scope });
    const add = (name: string, cell: string): unknown =>
      this.#cells.set(name, [...(this.#cells.get(name) ?? []), cell]);
    for (let key = 0; key < KEY_COUNT; key++) {
      const cell = `${scope}:${key}`;
      add(space.keyOf(`${key}`), cell);
      add(space.tagOf(tagOf(`${key}`)), cell);
      add(space.namespace, cell);
      add(EVERY_MUTABLE_NAMESPACE, cell);
    }
  }
}

/** What is said, whoever says it. */
export function signatureOf(invalidation: Invalidation): string {
  return JSON.stringify({ ...invalidation, origin: undefined });
}
