import { existsSync, readdirSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { GenericSchema, SchemaDefinition } from 'convex/server';
import { resolveLikeConvex } from './resolve-like-convex.ts';
import type { FunctionEntry, FunctionKind, FunctionTable } from './function-table.ts';

/** A module of the folder: its exports by name. */
export type FunctionModule = Readonly<Record<string, unknown>>;

/** A folder of Convex functions, loaded. */
export interface FunctionFolder {
  /** By path relative to the folder, without ending: `agents`, `_generated/api`. */
  readonly modules: ReadonlyMap<string, FunctionModule>;
  readonly functions: FunctionTable;
  readonly schema: SchemaDefinition<GenericSchema, boolean> | undefined;
}

/** Loads every module of the folder as Convex would on a push. Throws `TypeError` if there is no such folder. */
export async function loadFunctionFolder(folder: string): Promise<FunctionFolder> {
  if (!existsSync(join(folder, '_generated'))) {
    throw new TypeError(`functions: '${folder}' is no folder of Convex functions, it has no _generated folder`);
  }
  resolveLikeConvex(pathToFileURL(folder + sep));
  const modules = new Map<string, FunctionModule>();
  for (const file of moduleFiles(folder)) {
    const name = relative(folder, file)
      .replaceAll(sep, '/')
      .replace(/\.[jt]s$/u, '');
    modules.set(name, (await import(pathToFileURL(file).href)) as FunctionModule);
  }
  return {
    modules,
    functions: functionTable(modules),
    schema: modules.get('schema')?.['default'] as FunctionFolder['schema'],
  };
}

/** Files with several dots are tests, declarations and configuration: Convex pushes none of them as functions. */
function moduleFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /^[^.]+\.[jt]s$/u.test(basename(entry.name)))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.split(sep).includes('node_modules'))
    .toSorted();
}

function functionTable(modules: ReadonlyMap<string, FunctionModule>): FunctionTable {
  const table = new Map<string, FunctionEntry>();
  for (const [module, exports] of modules) {
    if (module.startsWith('_generated/')) continue;
    for (const [name, value] of Object.entries(exports)) {
      const entry = functionEntry(value);
      if (entry !== undefined) table.set(`${module}:${name}`, entry);
    }
  }
  return table;
}

/** What a module's export is, `undefined` if it is no Convex function. */
function functionEntry(value: unknown): FunctionEntry | undefined {
  if (typeof value !== 'function') return undefined;
  const kind = kindOf(value as { isQuery?: boolean; isMutation?: boolean; isAction?: boolean });
  return kind && { kind, isPublic: Reflect.get(value, 'isPublic') === true };
}

function kindOf(value: { isQuery?: boolean; isMutation?: boolean; isAction?: boolean }): FunctionKind | undefined {
  if (value.isQuery === true) return 'query';
  if (value.isMutation === true) return 'mutation';
  return value.isAction === true ? 'action' : undefined;
}
