import type { Loader, LoadContext } from './index.ts';

interface Run<V> {
  readonly context: LoadContext<V>;
  readonly resolve: (value: V | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** A source of truth whose answers the test gives, run by run. */
export class Source<V = string> {
  readonly runs: Run<V>[] = [];
  readonly load: Loader<V> = (context) =>
    new Promise<V | undefined>((resolve, reject) => this.runs.push({ context, resolve, reject }));

  /** The latest run. */
  get last(): Run<V> {
    const run = this.runs.at(-1);
    if (run === undefined) throw new Error('the source was not asked');
    return run;
  }
}

/** How a promise stands at this moment: what it holds, or `'pending'`. */
export async function stateOf(work: Promise<unknown>): Promise<unknown> {
  const settled = work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  return Promise.race([settled, new Promise((resolve) => setImmediate(resolve, 'pending'))]);
}

/** The same promise; that it may reject before a test looks at it is no unhandled rejection. */
export function watched<T>(work: Promise<T>): Promise<T> {
  work.catch(() => {});
  return work;
}
