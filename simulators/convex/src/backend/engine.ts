import { AsyncLocalStorage } from 'node:async_hooks';
import { convexTest } from 'convex-test';
import type { TestConvexForDataModel } from 'convex-test';
import { makeFunctionReference } from 'convex/server';
import type { GenericDataModel } from 'convex/server';
import type { Value } from 'convex/values';
import type { FunctionFolder } from '../functions/function-folder.ts';
import type { FunctionKind } from '../functions/function-table.ts';
import { watchFunctions } from '../functions/watch-functions.ts';
import type { ActionCalls } from '../functions/watch-functions.ts';
import { ANONYMOUS } from './caller.ts';
import type { Caller } from './caller.ts';
import type { ReadSet } from './read-set.ts';
import { TableVersions } from './table-versions.ts';
import { tapSyscalls } from './tap-syscalls.ts';

/** A call of a function by its canonical path. */
export interface FunctionCall {
  readonly path: string;
  readonly args: Record<string, Value>;
  readonly caller: Caller;
}

/** What happens inside of running functions. None of it may call a function before it has returned. */
export interface EngineWatch {
  /** A transaction writes; it has not committed. */
  written(): void;
  /** The scheduler starts a function. */
  scheduled(path: string): void;
  /** A mutation that the scheduler started is about to commit. */
  scheduledMutationDone(path: string): void;
  /** What an action of that caller calls functions with, in place of its own. */
  actionCalls(own: ActionCalls, caller: Caller): ActionCalls;
}

/** On whose behalf code runs. */
interface Origin {
  readonly caller: Caller;
  readonly isScheduled: boolean;
}

/**
 * Runs functions on convex-test and knows what each query read.
 *
 * convex-test runs one transaction at a time. A write bumps its table's version inside of its transaction; whatever reads
 * afterwards waits for that transaction to end. So a query whose tables still have the versions it saw is current.
 */
export class Engine {
  readonly versions: TableVersions = new TableVersions();
  readonly #reads: AsyncLocalStorage<ReadSet> = new AsyncLocalStorage();
  readonly #origin: AsyncLocalStorage<Origin> = new AsyncLocalStorage();
  readonly #watch: EngineWatch;
  readonly #test: TestConvexForDataModel<GenericDataModel>;

  constructor(folder: FunctionFolder, transactionLimits: boolean, watch: EngineWatch) {
    this.#watch = watch;
    const watched = watchFunctions(folder.modules, folder.functions, {
      handler: (path, { kind }, run) => this.#runHandler(path, kind, run),
      identityRead: () => this.#reads.getStore()?.readIdentity(),
      actionCalls: (own) => watch.actionCalls(own, this.#origin.getStore()?.caller ?? ANONYMOUS),
    });
    this.#test = convexTest({
      ...(folder.schema === undefined ? {} : { schema: folder.schema }),
      modules: Object.fromEntries(
        [...watched].map(([name, module]) => [`./${name}.ts`, () => Promise.resolve(module)]),
      ),
      transactionLimits,
    }) as unknown as TestConvexForDataModel<GenericDataModel>;
    tapSyscalls({
      read: (table) => this.#reads.getStore()?.readTable(table, this.versions.of(table)),
      write: (table) => {
        this.versions.bump(table);
        watch.written();
      },
      schedule: (call) => this.#origin.run({ caller: ANONYMOUS, isScheduled: true }, call),
    });
  }

  /** Runs a query. Throws what it throws, like all of these. */
  query({ path, args, caller }: FunctionCall): Promise<unknown> {
    return this.#as(caller).query(makeFunctionReference<'query'>(path), args);
  }

  mutation({ path, args, caller }: FunctionCall): Promise<unknown> {
    const run = (): Promise<unknown> => this.#as(caller).mutation(makeFunctionReference<'mutation'>(path), args);
    return this.#origin.run({ caller, isScheduled: false }, run);
  }

  action({ path, args, caller }: FunctionCall): Promise<unknown> {
    const run = (): Promise<unknown> => this.#as(caller).action(makeFunctionReference<'action'>(path), args);
    return this.#origin.run({ caller, isScheduled: false }, run);
  }

  /** Lets an HTTP action of `http.ts` answer. */
  httpAction(path: string, init: RequestInit, caller: Caller): Promise<Response> {
    return this.#origin.run({ caller, isScheduled: false }, () => this.#as(caller).fetch(path, init));
  }

  /** Does what runs a query, and notes in `reads` what the query depends on. */
  reading<T>(reads: ReadSet, run: () => Promise<T>): Promise<T> {
    return this.#reads.run(reads, run);
  }

  #as({ identity }: Caller): TestConvexForDataModel<GenericDataModel> {
    return identity === null ? this.#test : this.#test.withIdentity(identity);
  }

  /** convex-test calls a scheduled function by itself, in the context that scheduled it. */
  #runHandler(path: string, kind: FunctionKind, run: () => unknown): unknown {
    if (this.#origin.getStore()?.isScheduled !== true) return run();
    this.#watch.scheduled(path);
    return this.#origin.run({ caller: ANONYMOUS, isScheduled: false }, async () => {
      const value: unknown = await run();
      if (kind === 'mutation') this.#watch.scheduledMutationDone(path);
      return value;
    });
  }
}
