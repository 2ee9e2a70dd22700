import type { Auth, FunctionReference, FunctionType } from 'convex/server';
import type { Value } from 'convex/values';
import type { FunctionEntry, FunctionTable } from './function-table.ts';
import type { FunctionModule } from './function-folder.ts';

type Call<T extends FunctionType> = (
  reference: FunctionReference<T, 'public' | 'internal'>,
  args?: Record<string, Value>,
) => Promise<unknown>;

/** The part of an action's context through which it calls other functions. */
export interface ActionCalls {
  readonly runQuery: Call<'query'>;
  readonly runMutation: Call<'mutation'>;
  readonly runAction: Call<'action'>;
}

type Context = ActionCalls & { readonly auth: Auth };
type Handler = (context: Context, args: unknown) => unknown;

/** What watches the functions of a folder run. */
export interface FunctionWatch {
  /** Called before each run of a handler, nested ones included; the run is what `run` does. */
  handler(path: string, entry: FunctionEntry, run: () => unknown): unknown;
  /** The running query read who calls it. */
  identityRead(): void;
  /** What an action gets to call functions with, in place of its own. */
  actionCalls(own: ActionCalls): ActionCalls;
}

/** The modules with every function's handler watched; validators, visibility and everything else stay the folder's own. */
export function watchFunctions(
  modules: ReadonlyMap<string, FunctionModule>,
  functions: FunctionTable,
  watch: FunctionWatch,
): Map<string, FunctionModule> {
  const watched = new Map<string, FunctionModule>();
  for (const [module, exports] of modules) {
    const entries = Object.entries(exports).map(([name, value]) => {
      const path = `${module}:${name}`;
      const entry = functions.get(path);
      return [name, entry === undefined ? value : watchFunction(path, entry, value as object, watch)];
    });
    watched.set(module, Object.fromEntries(entries) as FunctionModule);
  }
  return watched;
}

function watchFunction(path: string, entry: FunctionEntry, original: object, watch: FunctionWatch): object {
  const handler = Reflect.get(original, '_handler') as Handler;
  const watched: Handler = (context, args) =>
    watch.handler(path, entry, () => handler(watchContext(context, entry, watch), args));
  return { ...original, _handler: watched };
}

function watchContext(context: Context, { kind }: FunctionEntry, watch: FunctionWatch): Context {
  if (kind === 'query') {
    const getUserIdentity: Auth['getUserIdentity'] = () => {
      watch.identityRead();
      return context.auth.getUserIdentity();
    };
    return { ...context, auth: { getUserIdentity } };
  }
  return kind === 'action' ? { ...context, ...watch.actionCalls(context) } : context;
}
