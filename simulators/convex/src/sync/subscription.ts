import type { Backend } from '../backend/backend.ts';
import type { FunctionCall } from '../backend/engine.ts';
import { ANONYMOUS } from '../backend/caller.ts';
import type { Caller } from '../backend/caller.ts';
import { parseArguments } from '../backend/function-arguments.ts';
import { refusal } from '../backend/outcome.ts';
import type { Outcome } from '../backend/outcome.ts';
import type { QueryRun } from '../backend/query-cache.ts';
import { ReadSet } from '../backend/read-set.ts';
import { canonicalPath } from '../functions/function-table.ts';

/** One query of a session: what was asked, by whom, and what its client has of it. */
export class Subscription {
  readonly path: string;
  readonly #udfPath: string;
  readonly #args: readonly unknown[];
  readonly #caller: Caller;
  #run: QueryRun | undefined;
  #sent: string | undefined;

  constructor(udfPath: string, args: readonly unknown[], caller: Caller = ANONYMOUS) {
    this.path = canonicalPath(udfPath);
    this.#udfPath = udfPath;
    this.#args = args;
    this.#caller = caller;
  }

  /** The same query asked by another, who has nothing of it yet. */
  as(caller: Caller): Subscription {
    return new Subscription(this.#udfPath, this.#args, caller);
  }

  isCurrent(backend: Backend): boolean {
    return this.#run !== undefined && backend.isCurrent(this.#run);
  }

  /** Brings the outcome up to date; what is current costs nothing. */
  async refresh(backend: Backend): Promise<void> {
    if (this.isCurrent(backend)) return;
    const call = this.#call();
    if ('path' in call) this.#run = await backend.refresh(call, this.#run === undefined);
    else this.#run = { outcome: call, reads: new ReadSet() };
  }

  /** The outcome if the client does not have it yet; it has it from now on. */
  takeChange(): { readonly outcome: Outcome; readonly isFirst: boolean } | undefined {
    const outcome = this.#run?.outcome;
    if (outcome === undefined) return undefined;
    const content = outcome.isSuccess ? outcome.json : `error ${outcome.errorData ?? String(outcome.cause)}`;
    if (content === this.#sent) return undefined;
    const isFirst = this.#sent === undefined;
    this.#sent = content;
    return { outcome, isFirst };
  }

  #call(): FunctionCall | Outcome {
    try {
      return { path: this.path, args: parseArguments(this.#args), caller: this.#caller };
    } catch (error) {
      return refusal(error instanceof Error ? error.message : String(error));
    }
  }
}
