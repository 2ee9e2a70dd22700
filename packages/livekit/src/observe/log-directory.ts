import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fromLine, isHeader } from './logged-observation.ts';
import type { LoggedObservation } from './logged-observation.ts';
import { UsageError } from './usage-error.ts';

export const LOG_SUFFIX = '.jsonl';
const MAX_WEIGHED = 200;

/** The logs of one or more machines. */
export interface ReadLogs {
  readonly observations: readonly LoggedObservation[];
  /** With more than one, equal sentences of different machines cannot be recognised. */
  readonly secretIds: ReadonlySet<string>;
  /** Lines that could not be read: a process that was killed leaves half a line. */
  readonly unreadable: number;
}

/**
 * Bytes of all logs in a directory; of more than 200, every so manieth is weighed for the others. A call process does this at
 * its first line, and to weigh each of 25,000 files took 0.6 s of its processor.
 */
export async function logBytes(directory: string): Promise<number> {
  const paths = await logFiles(directory);
  const step = Math.ceil(paths.length / MAX_WEIGHED);
  const sample = paths.filter((_, index) => index % step === 0);
  let bytes = 0;
  for (const path of sample) bytes += (await stat(path)).size;
  return sample.length === 0 ? 0 : Math.round((bytes / sample.length) * paths.length);
}

/** @throws UsageError for a directory that is not there or holds no observation. */
export async function readLogs(directories: readonly string[]): Promise<ReadLogs> {
  const observations: LoggedObservation[] = [];
  const secretIds = new Set<string>();
  let unreadable = 0;
  for (const directory of directories) {
    const before = observations.length;
    for (const path of await filesOf(directory)) {
      for (const line of (await readFile(path, 'utf8')).split('\n')) {
        const value = line === '' ? undefined : fromLine(line);
        if (value === undefined) unreadable += line === '' ? 0 : 1;
        else if (isHeader(value)) secretIds.add(value.secretId);
        else observations.push(value);
      }
    }
    if (observations.length === before) {
      throw new UsageError(`${directory} holds no observations: files named *${LOG_SUFFIX}, written in mode 'observe'`);
    }
  }
  return { observations, secretIds, unreadable };
}

async function filesOf(directory: string): Promise<string[]> {
  try {
    return await logFiles(directory);
  } catch (error) {
    throw new UsageError(`cannot read ${directory}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function logFiles(directory: string): Promise<string[]> {
  const names = await readdir(directory);
  return names.filter((name) => name.endsWith(LOG_SUFFIX)).map((name) => join(directory, name));
}
