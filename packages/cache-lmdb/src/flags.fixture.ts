import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The flags that a process has put up in a host tier's directory: the files of its writing. */
export function flagsOf(directory: string, pid: number): string[] {
  const folder = join(directory, 'writing');
  return readdirSync(folder)
    .filter((name) => Number.parseInt(name, 10) === pid)
    .map((name) => join(folder, name));
}
