import { startSarvamSimulator } from '../index.ts';
import type { SarvamSimulator, SarvamSimulatorOptions } from '../index.ts';

/** Runs a test against a simulator of its own, without delays unless it asks for them. */
export async function withSimulator(
  options: SarvamSimulatorOptions,
  test: (simulator: SarvamSimulator) => Promise<void>,
): Promise<void> {
  const simulator = await startSarvamSimulator({ speed: 0, ...options });
  try {
    await test(simulator);
  } finally {
    await simulator.close();
  }
}

/** Waits for what the service notices a moment later than its client, at most 2 s. */
export async function eventually(reached: () => boolean): Promise<void> {
  for (let tries = 0; tries < 400 && !reached(); tries += 1) await pause(5);
  if (!reached()) throw new Error('the expected state was not reached within 2 s');
}

/** Lets time pass. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
