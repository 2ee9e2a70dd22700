import { setTimeout as sleep } from 'node:timers/promises';

/** What a suite needs of a test framework; those of vitest, `node:test`, jest and mocha fit. */
export interface ConformanceRunner {
  describe(name: string, body: () => void): unknown;
  test(name: string, body: () => Promise<void>): unknown;
}

/** Registers one check; its body gets a stage of its own. */
export type Check<Stage> = (name: string, body: (stage: Stage) => Promise<void>) => void;

/**
 * Checks that each open their own subject and close it again, also when they fail.
 *
 * @param open opens the subject of one check.
 * @param stageOf turns it into what the body is given.
 */
export function checksOf<Subject extends { close(): Promise<void> }, Stage>(
  runner: ConformanceRunner,
  open: () => Promise<Subject>,
  stageOf: (subject: Subject) => Promise<Stage>,
): Check<Stage> {
  return (name, body) => {
    runner.test(name, async () => {
      const subject = await open();
      try {
        await body(await stageOf(subject));
      } finally {
        await subject.close();
      }
    });
  };
}

/** Real time: a real store has no clock that a test could move. Keeps the process alive, unlike the timers of a `Clock`. */
export function pause(ms: number): Promise<void> {
  return sleep(ms);
}

/** How a call ended: `hung` when it has not within `limitMs` of real time. A rejection is an end like any other. */
export async function endOf<T>(
  call: () => Promise<T>,
  limitMs: number,
): Promise<{ readonly value: T } | { readonly error: unknown } | 'hung'> {
  const late = new AbortController();
  try {
    const ended = call().then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    return await Promise.race([ended, sleep(limitMs, 'hung' as const, { signal: late.signal })]);
  } catch (error) {
    // A call that throws at once has ended too.
    return { error };
  } finally {
    late.abort();
  }
}
