import { mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const ATTEMPTS = 5;

/**
 * Makes a folder that is complete appear at once under its name. One that stands there stays if it is good: another process was
 * first, and programs of it may be starting. Else it is replaced.
 */
export async function putInPlace(fresh: string, place: string, isGood: () => Promise<boolean>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await rename(fresh, place);
      return;
    } catch (error) {
      if (await isGood()) return;
      if (attempt === ATTEMPTS) throw error;
    }
    await takeAway(place);
  }
}

async function takeAway(place: string): Promise<void> {
  const aside = await mkdtemp(join(dirname(place), '.replaced-'));
  try {
    await rename(place, join(aside, 'old'));
  } catch {
    // Another process has taken it away: what stands there next is seen at the next attempt.
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}
