import { randomInt } from 'node:crypto';
import { systemClock } from '@warmline/cache-core';
import type { ChangeListener, ChangeSubscription } from '../change-feed.ts';
import type { ConvexAccess } from './convex-access.ts';
import type { FeedFunctionNames } from './convex-change-feed.ts';
import { FeedConnection } from './feed-connection.ts';

/** @see FeedSubscription */
export interface FeedSettings extends ConvexAccess {
  readonly reopenMs: number;
  readonly names: FeedFunctionNames;
}

/** A socket that does not open within this time never will. */
const CONNECT_MS = 3_000;
/** A connection that has failed this many probes in a row is given up, however open it looks. */
const MAX_FAILED_PROBES = 2;
/** What an overloaded server is given, in milliseconds. */
const OVERLOADED_MS = 3_000;
/** How long `close` waits for a server to confirm. */
const CLOSE_MS = 500;

/** A subscription that outlives its connections: a lost or silent one is replaced by a fresh one. */
export class FeedSubscription implements ChangeSubscription {
  readonly #settings: FeedSettings;
  readonly #listener: ChangeListener;
  #connection: FeedConnection | undefined;
  #cancel: (() => void) | undefined;
  #tick = 0;
  #failedProbes = 0;
  /** Since the last window; what goes on failing is told once. */
  #hasToldError = false;
  #closed = false;

  constructor(settings: FeedSettings, listener: ChangeListener) {
    this.#settings = settings;
    this.#listener = listener;
    this.#open();
  }

  async probe(signal: AbortSignal): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined) throw new Error('there is no connection to Convex now');
    try {
      await connection.probe(++this.#tick, signal);
      this.#failedProbes = 0;
    } catch (error) {
      if (connection === this.#connection && ++this.#failedProbes >= MAX_FAILED_PROBES)
        this.#reopen(connection, new Error('Convex does not answer', { cause: error }));
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancel?.();
    const { promise: tooLong, resolve } = Promise.withResolvers<void>();
    const cancel = systemClock.after(CLOSE_MS, resolve);
    await Promise.race([this.#connection?.close(new Error('the feed was closed')), tooLong]);
    cancel();
  }

  #open(): void {
    const connection = new FeedConnection(this.#settings, this.#settings.names, {
      onWindow: (window) => {
        if (connection !== this.#connection || this.#closed) return;
        this.#hasToldError = false;
        this.#listener.onWindow(window);
      },
      onError: (error) => this.#failed(error),
      onLost: (error) => this.#reopen(connection, error),
    });
    this.#connection = connection;
    this.#failedProbes = 0;
    this.#cancel = systemClock.after(CONNECT_MS, () => {
      if (!connection.isConnected) this.#reopen(connection, new Error('Convex cannot be reached'));
    });
  }

  #reopen(connection: FeedConnection, error: Error): void {
    if (connection !== this.#connection || this.#closed) return;
    this.#connection = undefined;
    this.#cancel?.();
    void connection.close(error);
    const { reopenMs } = this.#settings;
    const delayMs = connection.isOverloaded ? OVERLOADED_MS : reopenMs;
    // All machines lose their connections at the same moment; they should not come back at the same.
    this.#cancel = systemClock.after((delayMs * randomInt(500, 1500)) / 1000, () => this.#open());
    this.#failed(error);
  }

  #failed(error: unknown): void {
    if (this.#hasToldError || this.#closed) return;
    this.#hasToldError = true;
    this.#listener.onError(error);
  }
}
