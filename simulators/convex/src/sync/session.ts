import type { Backend } from '../backend/backend.ts';
import type { FunctionCall } from '../backend/engine.ts';
import { ANONYMOUS, BadCredentials, adminCaller, userCaller } from '../backend/caller.ts';
import type { Caller } from '../backend/caller.ts';
import { parseArguments } from '../backend/function-arguments.ts';
import { refusal } from '../backend/outcome.ts';
import type { Outcome } from '../backend/outcome.ts';
import { canonicalPath } from '../functions/function-table.ts';
import type { Authenticate, ClientMessage, FunctionRequest, ModifyQuerySet } from './client-message.ts';
import {
  INITIAL_VERSION,
  actionResponse,
  authError,
  mutationResponse,
  queryChanged,
  queryRemoved,
  transition,
} from './frames.ts';
import type { StateVersion } from './frames.ts';
import { Subscription } from './subscription.ts';

/** What a session needs of its connection. */
export interface SessionPort {
  send(frame: string): void;
  /** A transition is due. */
  transitionDue(): void;
  /** A changed result was pushed. */
  updated(path: string): void;
}

/** A transition in the making: messages that come in meanwhile belong to the next one. */
export interface PendingTransition {
  refresh(): Promise<void>;
  send(ts: bigint): void;
}

/** One connection of a sync client: its identity, its queries, and how far it is. */
export class Session {
  readonly #backend: Backend;
  readonly #deployKey: string;
  readonly #port: SessionPort;
  #subscriptions: Map<number, Subscription> = new Map();
  #removed: number[] = [];
  #caller: Caller = ANONYMOUS;
  #querySet = 0;
  #identity = 0;
  #sent: StateVersion = INITIAL_VERSION;
  #isDue = false;
  /** A mutation was answered since the last transition: its client waits for one, also if none of its queries changed. */
  #owesTransition = false;
  #mutations: Promise<void> = Promise.resolve();

  constructor(backend: Backend, deployKey: string, port: SessionPort) {
    this.#backend = backend;
    this.#deployKey = deployKey;
    this.#port = port;
  }

  /** Takes a message. Throws `TypeError` if it breaks the protocol. */
  receive(message: ClientMessage): void {
    if (message.type === 'Authenticate') this.#authenticate(message);
    else if (message.type === 'ModifyQuerySet') this.#modify(message);
    // A client's mutations run in the order it sent them, its actions do not wait for each other.
    else if (message.type === 'Mutation') this.#mutations = this.#mutations.then(() => this.#mutate(message));
    else if (message.type === 'Action') void this.#act(message);
  }

  /** The transition that is due, `undefined` if the client has all there is. */
  begin(): PendingTransition | undefined {
    const queries = [...this.#subscriptions];
    if (!this.#isDue && !this.#owesTransition && queries.every(([, query]) => query.isCurrent(this.#backend)))
      return undefined;
    const isForced = this.#isDue;
    const removed = this.#removed;
    const target = { querySet: this.#querySet, identity: this.#identity };
    this.#isDue = false;
    this.#removed = [];
    return {
      refresh: async () => void (await Promise.all(queries.map(([, query]) => query.refresh(this.#backend)))),
      send: (ts) => {
        const changes = [...removed.map(queryRemoved), ...this.#changes(queries)];
        if (isForced || this.#owesTransition || changes.length > 0) this.#advance({ ...target, ts }, changes);
      },
    };
  }

  #changes(queries: readonly [number, Subscription][]): string[] {
    const changes: string[] = [];
    for (const [queryId, query] of queries) {
      const change = query.takeChange();
      if (change === undefined) continue;
      if (!change.isFirst) this.#port.updated(query.path);
      changes.push(queryChanged(queryId, change.outcome));
    }
    return changes;
  }

  #advance(end: StateVersion, changes: readonly string[]): void {
    this.#port.send(transition(this.#sent, end, changes));
    this.#sent = end;
    this.#owesTransition = false;
  }

  #authenticate(message: Authenticate): void {
    expectVersion('identity', message.baseVersion, this.#identity);
    try {
      this.#caller = callerOf(message, this.#deployKey);
    } catch (error) {
      if (!(error instanceof BadCredentials)) throw error;
      return this.#port.send(authError(error.message, message.baseVersion));
    }
    this.#identity += 1;
    this.#subscriptions = new Map([...this.#subscriptions].map(([id, query]) => [id, query.as(this.#caller)]));
    this.#due();
  }

  #modify({ baseVersion, newVersion, modifications }: ModifyQuerySet): void {
    expectVersion('query set', baseVersion, this.#querySet);
    if (newVersion <= baseVersion) throw new TypeError(`newVersion should be above ${baseVersion}`);
    for (const modification of modifications) {
      const { queryId } = modification;
      if (modification.type === 'Add') {
        this.#subscriptions.set(queryId, new Subscription(modification.udfPath, modification.args, this.#caller));
      } else if (this.#subscriptions.delete(queryId)) this.#removed.push(queryId);
    }
    this.#querySet = newVersion;
    this.#due();
  }

  async #mutate({ requestId, udfPath, args }: FunctionRequest): Promise<void> {
    const call = this.#call(udfPath, args);
    const { outcome, ts } = 'path' in call ? await this.#backend.mutation(call) : { outcome: call, ts: undefined };
    this.#port.send(mutationResponse(requestId, outcome, ts ?? 0n));
    if (ts === undefined) return;
    this.#owesTransition = true;
    this.#port.transitionDue();
  }

  async #act({ requestId, udfPath, args }: FunctionRequest): Promise<void> {
    const call = this.#call(udfPath, args);
    this.#port.send(actionResponse(requestId, 'path' in call ? await this.#backend.action(call) : call));
  }

  #call(udfPath: string, args: readonly unknown[]): FunctionCall | Outcome {
    try {
      return { path: canonicalPath(udfPath), args: parseArguments(args), caller: this.#caller };
    } catch (error) {
      return refusal(error instanceof Error ? error.message : String(error));
    }
  }

  #due(): void {
    this.#isDue = true;
    this.#port.transitionDue();
  }
}

function expectVersion(what: string, base: number, expected: number): void {
  if (base !== expected) throw new TypeError(`baseVersion of the ${what} should be ${expected}, is ${base}`);
}

function callerOf({ tokenType, value = '', impersonating }: Authenticate, deployKey: string): Caller {
  if (tokenType === 'None') return ANONYMOUS;
  if (tokenType === 'User') return userCaller(value);
  const admin = adminCaller(value, deployKey);
  if (impersonating === undefined) return admin;
  return { identity: impersonating, isAdmin: true, key: JSON.stringify(impersonating) };
}
