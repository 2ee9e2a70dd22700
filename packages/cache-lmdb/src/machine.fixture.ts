import type { ChildProcess, ForkOptions } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { EntryRef } from '@warmline/cache-core';
import { openHostTier } from './open-host-tier.ts';
import type { HostTier, HostTierOptions } from './host-tier.ts';

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly errors: string;
}

interface Question {
  readonly id: number;
  readonly operation: string;
  readonly args: readonly unknown[];
}

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: unknown;
}

/** What a child program lets its parent call. */
export type Operations = Record<string, (...args: never[]) => unknown>;

const KILLED_AFTER_MS = 5_000;

/** A process of the machine under test: a real one, running a program that calls {@link serve}. */
export class Child {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  #errors = '';
  #asked = 0;
  readonly #open = new Map<number, PromiseWithResolvers<unknown>>();

  constructor(program: string, options: ForkOptions = {}) {
    this.process = fork(fileURLToPath(new URL(program, import.meta.url)), [], {
      execPath: process.execPath,
      execArgv: ['--conditions=@warmline/source'],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      ...options,
    });
    this.process.stderr?.on('data', (text: Buffer) => (this.#errors += text.toString()));
    this.ended = once(this.process, 'exit').then(([code, signal]) => {
      const ended = { code, signal, errors: this.#errors } as Ended;
      const error = new Error(`process ended: ${JSON.stringify(ended)}`);
      for (const { reject } of this.#open.values()) reject(error);
      this.#open.clear();
      return ended;
    });
    this.process.on('message', ({ id, value, error }: Answer) => {
      const asked = this.#open.get(id);
      this.#open.delete(id);
      if (error === undefined) asked?.resolve(value);
      else asked?.reject(error instanceof Error ? error : new Error(JSON.stringify(error)));
    });
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  /** Calls one of the child's operations. Rejects with its error, or when it ends before it has answered. */
  ask<T = unknown>(operation: string, ...args: readonly unknown[]): Promise<T> {
    const id = ++this.#asked;
    const asked = Promise.withResolvers<unknown>();
    this.#open.set(id, asked);
    // Whoever does not wait for the answer of a process that is killed later has no error either.
    asked.promise.catch(() => {});
    this.process.send({ id, operation, args } satisfies Question);
    return asked.promise as Promise<T>;
  }

  signal(name: NodeJS.Signals): void {
    this.process.kill(name);
  }

  async kill(): Promise<Ended> {
    this.signal('SIGKILL');
    return this.ended;
  }

  /** Lets it end by itself. */
  async leave(): Promise<Ended> {
    if (this.process.connected) this.process.disconnect();
    const late = new AbortController();
    const hang = sleep(KILLED_AFTER_MS, undefined, { signal: late.signal }).then(
      () => this.signal('SIGKILL'),
      () => {},
    );
    const ended = await this.ended;
    late.abort();
    await hang;
    return ended;
  }
}

/** In a child program: answers the parent's questions until that disconnects. */
export function serve(operations: Operations): void {
  process.on('message', (question: Question) => void answer(operations, question));
}

async function answer(operations: Operations, { id, operation, args }: Question): Promise<void> {
  const send = (rest: object): void => void (process.connected && process.send?.({ id, ...rest }));
  try {
    const run = operations[operation] as ((...args: readonly unknown[]) => unknown) | undefined;
    if (run === undefined) throw new Error(`no operation '${operation}'`);
    send({ value: await run(...args) });
  } catch (error) {
    send({ error: error instanceof Error ? new Error(`${error.name}: ${error.message}`) : String(error) });
  }
}

/** What a test has to give back: `await using machine = new Machine()`. */
export class Machine implements AsyncDisposable {
  readonly directory: string;
  readonly #tiers: HostTier[] = [];
  readonly #children: Child[] = [];
  #last: (() => void)[] = [];

  constructor(base: string = tmpdir()) {
    this.directory = mkdtempSync(join(base, 'warmline-test-'));
    // Children of another user get in, too.
    chmodSync(this.directory, 0o777);
  }

  open(options: HostTierOptions = {}): HostTier {
    const tier = openHostTier({ directory: this.directory, ...options });
    if (tier === undefined) throw new Error('no host tier');
    this.#tiers.push(tier);
    return tier;
  }

  start(program: string, options: ForkOptions = {}): Child {
    const child = new Child(program, options);
    this.#children.push(child);
    return child;
  }

  /** Run at the end, latest first. */
  onEnd(run: () => void): void {
    this.#last = [run, ...this.#last];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) {
      if (child.process.exitCode === null && child.process.signalCode === null) await child.kill();
    }
    for (const tier of this.#tiers) await tier.close().catch(() => {});
    for (const run of this.#last) run();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** One entry by its physical names. */
export function refOf(key: string, scope = 's', tags: readonly string[] = []): EntryRef {
  const namespace = `w:${scope}:n`;
  return { namespace, key: `${namespace}:${key}`, tags: tags.map((tag) => `${namespace}#${tag}`) };
}

export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}

/** What a test has found; printed, because a promise without its numbers says little. */
export function print(text: string): void {
  process.stdout.write(`    ${text}\n`);
}

/** Looks until it is so. @returns after how many milliseconds. @throws Error after `limitMs`. */
export async function until(isSo: () => unknown, limitMs: number, what: string): Promise<number> {
  const from = performance.now();
  while (!(await isSo())) {
    if (performance.now() - from > limitMs) throw new Error(`not within ${limitMs} ms: ${what}`);
    await sleep(5);
  }
  return performance.now() - from;
}
