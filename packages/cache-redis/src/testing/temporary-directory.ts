import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const open = new Set<string>();

process.on('exit', () => {
  for (const directory of open) removeTemporaryDirectory(directory);
});

/** A folder that is gone when the process exits, if nobody has removed it before. */
export function makeTemporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'warmline-redis-'));
  open.add(directory);
  return directory;
}

export function removeTemporaryDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
  open.delete(directory);
}
