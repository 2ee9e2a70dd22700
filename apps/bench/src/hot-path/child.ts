import { fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What a child process had to say. */
export interface ChildReport {
  readonly pid: number;
  readonly message: unknown;
}

/**
 * Runs a file of this folder in a process of its own, where garbage can be collected on demand. It answers with one message.
 * @param name without extension: `.ts` from source, `.js` when built, as this file.
 * @throws Error with what the child wrote to its error output when it ended without an answer.
 */
export async function runChild(name: string, args: readonly string[]): Promise<ChildReport> {
  const file = fileURLToPath(new URL(`${name}${extname(import.meta.url)}`, import.meta.url));
  const child = fork(file, args, {
    execArgv: [...process.execArgv, '--expose-gc'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const complaints: Buffer[] = [];
  child.stderr?.on('data', (chunk: Buffer) => complaints.push(chunk));
  const answered = new Promise<unknown>((resolve) => child.once('message', resolve));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const silent = ended.then((): never => {
    throw new Error(`${name} ended without an answer: ${Buffer.concat(complaints).toString()}`);
  });
  const message = await Promise.race([answered, silent]);
  await ended;
  return { pid: child.pid ?? 0, message };
}
