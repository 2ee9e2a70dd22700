import type { ConformanceRunner } from './runner.ts';
import { endOf } from './runner.ts';

const LIMIT_MS = 15_000;

/** How a suite ended. */
export interface Verdict {
  /** Full names of all checks. */
  readonly checks: readonly string[];
  /** Full names of those that failed, with what they said. */
  readonly failures: ReadonlyMap<string, string>;
}

/**
 * Runs a suite without a test framework: the smallest runner there can be. A check that takes longer than `limitMs` has failed.
 * Checks run side by side, unless they measure real time: then one after the other.
 */
export async function verdictOf(
  register: (runner: ConformanceRunner) => void,
  { limitMs = LIMIT_MS, oneByOne = false } = {},
): Promise<Verdict> {
  const path: string[] = [];
  const tests: { readonly name: string; readonly body: () => Promise<void> }[] = [];
  register({
    describe(name, body) {
      path.push(name);
      body();
      path.pop();
    },
    test: (name, body) => tests.push({ name: [...path, name].join(' > '), body }),
  });
  const failures = new Map<string, string>();
  const running: Promise<void>[] = [];
  for (const { name, body } of tests) {
    const run = endOf(body, limitMs).then((end) => {
      if (end === 'hung') failures.set(name, end);
      else if ('error' in end) failures.set(name, end.error instanceof Error ? end.error.message : String(end.error));
    });
    running.push(run);
    if (oneByOne) await run;
  }
  await Promise.all(running);
  return { checks: tests.map(({ name }) => name), failures };
}
