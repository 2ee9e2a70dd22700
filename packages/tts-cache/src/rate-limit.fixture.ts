// A program that does nothing but wait for its turn, on a clock of which a minute is short; run by rate-limit.test.ts.
import { systemClock } from '@warmline/cache-core';
import { RateLimit } from './rate-limit.ts';

const SPEED = 1_000;
const limit = new RateLimit(1, {
  now: () => systemClock.now() * SPEED,
  after: (delayMs, run) => systemClock.after(delayMs / SPEED, run),
});
const { signal } = new AbortController();
await limit.pass(signal);
await limit.pass(signal);
process.stdout.write('passed twice');
