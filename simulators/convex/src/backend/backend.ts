import { getFunctionName } from 'convex/server';
import { ConvexError, convexToJson, jsonToConvex } from 'convex/values';
import type { JSONValue } from 'convex/values';
import { sleep } from '../clock.ts';
import type { FaultSet } from '../faults/fault-set.ts';
import type { FunctionFolder } from '../functions/function-folder.ts';
import type { FunctionKind, FunctionTable } from '../functions/function-table.ts';
import type { ActionCalls } from '../functions/watch-functions.ts';
import type { LedgerBook } from '../ledger/ledger-book.ts';
import type { ResolvedOptions } from '../options.ts';
import { ANONYMOUS } from './caller.ts';
import type { Caller } from './caller.ts';
import { CommitClock } from './commit-clock.ts';
import { Engine } from './engine.ts';
import type { FunctionCall } from './engine.ts';
import { failure, refusal, success, valueOf } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import { QueryCache } from './query-cache.ts';
import type { QueryRun } from './query-cache.ts';
import { ReadSet } from './read-set.ts';
import { Turns } from './turns.ts';

/** A mutation's answer. `ts` is when it committed, `undefined` if it failed. */
export interface MutationAnswer {
  readonly outcome: Outcome;
  readonly ts: bigint | undefined;
}

/** The deployment: what may be called, the query cache, modelled durations, injected errors, and the count of it all. */
export class Backend {
  /** Mutations one by one, and whoever needs a moment without. */
  readonly turns: Turns = new Turns();
  readonly clock: CommitClock = new CommitClock();
  /** Called inside of a transaction that writes, before it commits; it must not call functions. */
  onWrite: () => void = () => undefined;
  readonly #engine: Engine;
  readonly #cache: QueryCache;
  readonly #functions: FunctionTable;
  readonly #options: ResolvedOptions;
  readonly #book: LedgerBook;
  readonly #faults: FaultSet;

  constructor(folder: FunctionFolder, options: ResolvedOptions, book: LedgerBook, faults: FaultSet) {
    this.#functions = folder.functions;
    this.#options = options;
    this.#book = book;
    this.#faults = faults;
    this.#engine = new Engine(folder, options.transactionLimits, {
      written: () => this.onWrite(),
      scheduled: (path) => book.count(path, 'scheduled'),
      scheduledMutationDone: (path) => void this.#committed(path),
      actionCalls: (own, caller) => this.#actionCalls(own, caller),
    });
    this.#cache = new QueryCache(this.#engine.versions);
  }

  /** All writes so far, rolled back ones included. */
  get writes(): number {
    return this.#engine.versions.writes;
  }

  /** The function's kind, `undefined` if the caller can see no such function. */
  kindOf(path: string, caller: Caller): FunctionKind | undefined {
    const entry = this.#functions.get(path);
    return entry?.isPublic === true || caller.isAdmin ? entry?.kind : undefined;
  }

  /** Calls a query over the cache. */
  async query(call: FunctionCall): Promise<Outcome> {
    const run = (): Promise<unknown> => this.#takeTime(call.path, () => this.#engine.query(call));
    return await this.#call('query', call, async () => (await this.#cachedRun(call, run, true)).outcome);
  }

  /** Calls a mutation. */
  async mutation(call: FunctionCall): Promise<MutationAnswer> {
    let ts: bigint | undefined;
    const outcome = await this.#call('mutation', call, async () => {
      this.#book.count(call.path, 'mutations');
      const mutate = (): Promise<unknown> =>
        this.#inTurn(
          () => this.#engine.mutation(call),
          () => (ts = this.#committed(call.path)),
        );
      return success(await this.#takeTime(call.path, mutate));
    });
    return { outcome, ts };
  }

  /** Calls an action. */
  async action(call: FunctionCall): Promise<Outcome> {
    return await this.#call('action', call, async () => {
      this.#book.count(call.path, 'actions');
      return success(await this.#takeTime(call.path, () => this.#engine.action(call)));
    });
  }

  /** A subscribed query as of now. `isFirst` says that it counts as a call. Modelled durations do not apply. */
  async refresh(call: FunctionCall, isFirst: boolean): Promise<QueryRun> {
    const refused = this.#refuse('query', call);
    const run =
      refused === undefined
        ? await this.#cachedRun(call, () => this.#engine.query(call), isFirst)
        : { outcome: refused, reads: new ReadSet() };
    const outcome = this.#injectedError(call.path) ?? run.outcome;
    if (!outcome.isSuccess) this.#countError(call);
    return { outcome, reads: run.reads };
  }

  /** Whether a run's outcome still holds. */
  isCurrent(run: QueryRun): boolean {
    return run.reads.isCurrent(this.#engine.versions);
  }

  /** Runs the internal mutation `seed:NAME`. Throws what it throws, `TypeError` if there is none. */
  async seed(name: string): Promise<void> {
    const path = `seed:${name}`;
    if (this.#functions.get(path)?.kind !== 'mutation') throw new TypeError(`seed: there is no mutation '${path}'`);
    valueOf((await this.mutation({ path, args: {}, caller: { ...ANONYMOUS, isAdmin: true } })).outcome);
  }

  /** Lets an HTTP action of `http.ts` answer. */
  async httpAction(path: string, init: RequestInit, caller: Caller): Promise<Response> {
    return await this.#engine.httpAction(path, init, caller);
  }

  async #call(kind: FunctionKind, call: FunctionCall, run: () => Promise<Outcome>): Promise<Outcome> {
    const outcome = this.#refuse(kind, call) ?? (await this.#callVisible(call, run));
    if (!outcome.isSuccess) this.#countError(call);
    return outcome;
  }

  async #callVisible({ path }: FunctionCall, run: () => Promise<Outcome>): Promise<Outcome> {
    await sleep(this.#faults.draw('slow', path)?.ms ?? 0);
    return this.#injectedError(path) ?? (await this.#attempt(run));
  }

  #refuse(kind: FunctionKind, { path, caller }: FunctionCall): Outcome | undefined {
    const actual = this.kindOf(path, caller);
    if (actual === kind) return undefined;
    if (actual === undefined) return refusal(unknownFunction(path));
    return refusal(`Trying to execute ${path} as ${capitalised(kind)}, but it is defined as ${capitalised(actual)}.`);
  }

  #injectedError(path: string): Outcome | undefined {
    const fault = this.#faults.draw('function_error', path);
    if (fault === undefined) return undefined;
    const { data, message = 'Injected by the simulator' } = fault;
    const error = data === undefined ? new Error(message) : new ConvexError(jsonToConvex(data as JSONValue));
    return failure(error, this.#options.redactErrors);
  }

  async #attempt(run: () => Promise<Outcome>): Promise<Outcome> {
    try {
      return await run();
    } catch (error) {
      return failure(error, this.#options.redactErrors);
    }
  }

  async #cachedRun(call: FunctionCall, run: () => Promise<unknown>, isCall: boolean): Promise<QueryRun> {
    const key = { path: call.path, argsJson: JSON.stringify(convexToJson(call.args)), callerKey: call.caller.key };
    const answer = await this.#cache.get(key, async () => {
      const reads = new ReadSet();
      return { outcome: await this.#attempt(async () => success(await this.#engine.reading(reads, run))), reads };
    });
    if (!answer.isCached) this.#book.count(call.path, 'runs');
    if (isCall) this.#book.count(call.path, 'queries');
    if (isCall && answer.isCached) this.#book.count(call.path, 'cached');
    return answer.run;
  }

  /** Half of a function's modelled time passes before it sees the data, half before its answer leaves. */
  async #takeTime<T>(path: string, run: () => Promise<T>): Promise<T> {
    const half = (this.#options.functionDelays[path] ?? 0) / 2;
    await sleep(half);
    const value = await run();
    await sleep(half);
    return value;
  }

  #inTurn<T>(run: () => Promise<T>, committed: () => void): Promise<T> {
    return this.turns.take(async () => {
      const value = await run();
      committed();
      return value;
    });
  }

  #committed(path: string): bigint {
    const ts = this.clock.next();
    this.#book.commit(path, ts);
    return ts;
  }

  /** Functions that do not exist share a line: clients can make up as many names as they like. */
  #countError({ path }: FunctionCall): void {
    this.#book.count(this.#functions.has(path) ? path : '(unknown)', 'errors');
  }

  /** An action's calls go over the cache and count like a client's; internal functions are open to it. */
  #actionCalls(own: ActionCalls, caller: Caller): ActionCalls {
    return {
      runQuery: async (reference, args = {}) => {
        const path = getFunctionName(reference);
        const run = (): Promise<unknown> => this.#takeTime(path, () => own.runQuery(reference, args));
        return valueOf((await this.#cachedRun({ path, args, caller }, run, true)).outcome);
      },
      runMutation: async (reference, args) => {
        const path = getFunctionName(reference);
        this.#book.count(path, 'mutations');
        return await this.#inTurn(
          () => own.runMutation(reference, args),
          () => void this.#committed(path),
        );
      },
      runAction: async (reference, args) => {
        this.#book.count(getFunctionName(reference), 'actions');
        return await own.runAction(reference, args);
      },
    };
  }
}

/** What Convex says of a function that a caller cannot see. */
export function unknownFunction(path: string): string {
  return `Could not find public function for '${path}'. Did you forget to run \`npx convex dev\` or \`npx convex deploy\`?`;
}

function capitalised(kind: FunctionKind): string {
  return kind.charAt(0).toUpperCase() + kind.slice(1);
}
