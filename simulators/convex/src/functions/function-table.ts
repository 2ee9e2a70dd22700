/** What a Convex function is. */
export type FunctionKind = 'query' | 'mutation' | 'action';

/** A function that a module of the folder exports. */
export interface FunctionEntry {
  readonly kind: FunctionKind;
  readonly isPublic: boolean;
}

/** The functions of a folder by path, `module:export`. */
export type FunctionTable = ReadonlyMap<string, FunctionEntry>;

/** The name Convex stores: `messages.js:list` and `messages:list` are one function, `messages` means its default export. */
export function canonicalPath(path: string): string {
  const colon = path.lastIndexOf(':');
  const module = colon === -1 ? path : path.slice(0, colon);
  const name = colon === -1 ? 'default' : path.slice(colon + 1);
  return `${module.replace(/\.js$/u, '')}:${name}`;
}
