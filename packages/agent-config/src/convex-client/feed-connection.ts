import { ConvexClient } from 'convex/browser';
import { makeFunctionReference } from 'convex/server';
import type { ChangeWindow } from '../change-feed.ts';
import type { ConvexAccess } from './convex-access.ts';
import { withoutSecret } from './convex-access.ts';
import { guardedSocket } from './guarded-socket.ts';
import type { FeedFunctionNames } from './convex-change-feed.ts';
import { parseWindow } from './parse-window.ts';

/** What a {@link FeedConnection} tells of itself. */
export interface FeedConnectionListener {
  onWindow(window: ChangeWindow): void;
  /** The function fails, or answers with something else; the connection stands. */
  onError(error: unknown): void;
  /** The connection is lost, or could not be made. Told once; it is of no use any more. */
  onLost(error: Error): void;
}

/** What the server says when it has too much to do: coming back at once makes it worse. */
const OVERLOAD = /: (?:\w*TooMany|\w*Full|ExpiredInQueue|SystemTimeout)/u;

/**
 * One socket to a deployment. What the client would do to come back is not used: it waits up to 16 s, and a minute for a
 * server that has fallen silent.
 */
export class FeedConnection {
  readonly #client: ConvexClient;
  readonly #secret: string;
  readonly #names: FeedFunctionNames;
  readonly #ended = new AbortController();
  #isHeard = false;
  #hasConnected = false;
  #isOverloaded = false;

  constructor({ url, secret }: ConvexAccess, names: FeedFunctionNames, listener: FeedConnectionListener) {
    this.#secret = secret;
    this.#names = names;
    this.#client = new ConvexClient(url, {
      logger: false,
      skipConvexDeploymentUrlCheck: true,
      webSocketConstructor: guardedSocket((error) => {
        if (!this.#ended.signal.aborted)
          listener.onLost(
            new Error('Convex has sent what its client does not understand', { cause: withoutSecret(error, secret) }),
          );
      }),
      onServerDisconnectError: (reason) => {
        this.#isOverloaded = OVERLOAD.test(reason);
      },
    });
    const changes = makeFunctionReference<'query', { secret: string }, unknown>(names.changes);
    this.#client.onUpdate(
      changes,
      { secret },
      (value) => this.#hear(value, listener),
      (error) => this.#fail(error, listener),
    );
    this.#client.subscribeToConnectionState(({ isWebSocketConnected, connectionRetries }) => {
      if (isWebSocketConnected) this.#hasConnected = true;
      else if (this.#hasConnected || connectionRetries > 0) {
        const error = new Error(this.#hasConnected ? 'the connection to Convex was lost' : 'Convex cannot be reached');
        if (!this.#ended.signal.aborted) listener.onLost(error);
      }
    });
  }

  get isConnected(): boolean {
    return this.#hasConnected;
  }

  get isOverloaded(): boolean {
    return this.#isOverloaded;
  }

  /**
   * Asks for something new over the same socket. Every answer moves all queries of the socket to one moment: when it is here,
   * so is every window up to the moment at which it was asked, and callbacks run in the order in which they were registered.
   */
  async probe(tick: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const until = AbortSignal.any([signal, this.#ended.signal]);
    const end = (): void => reject(until.reason);
    const probe = makeFunctionReference<'query', { secret: string; tick: number }, unknown>(this.#names.probe);
    until.throwIfAborted();
    until.addEventListener('abort', end);
    const unsubscribe = this.#client.onUpdate(
      probe,
      { secret: this.#secret, tick },
      () => (this.#isHeard ? resolve() : reject(new Error('the feed of changes cannot be read'))),
      (error) => reject(withoutSecret(error, this.#secret)),
    );
    try {
      await promise;
    } finally {
      until.removeEventListener('abort', end);
      unsubscribe();
    }
  }

  /** @returns when the socket is closed, which a silent server may never confirm. */
  close(reason: Error): Promise<void> {
    this.#ended.abort(reason);
    return this.#client.close();
  }

  #hear(value: unknown, listener: FeedConnectionListener): void {
    let window: ChangeWindow;
    try {
      window = parseWindow(value);
    } catch (error) {
      this.#fail(new TypeError(`${this.#names.changes}: ${(error as Error).message}`), listener);
      return;
    }
    this.#isHeard = true;
    listener.onWindow(window);
  }

  #fail(error: unknown, listener: FeedConnectionListener): void {
    this.#isHeard = false;
    listener.onError(withoutSecret(error, this.#secret));
  }
}
