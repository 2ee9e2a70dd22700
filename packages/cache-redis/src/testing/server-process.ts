import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { systemClock } from '@warmline/cache-core';
import type { RedisProgram } from './redis-program.ts';
import { until } from './until.ts';

const STOPPED_WITHIN_MS = 2_000;
const LEAVES_WITHIN_MS = 3_000;
const LOG_LINES = 15;

const running = new Set<ServerProcess>();

process.on('exit', () => {
  for (const server of running) server.signal('SIGKILL');
});

/**
 * A spawned server: its signals and its end. It does not keep the parent alive and dies when the parent exits; where
 * util-linux' `setpriv` is there, also when the parent is killed.
 */
export class ServerProcess {
  readonly pid: number;
  /** Resolves when it has ended, however that came. */
  readonly exited: Promise<void>;
  readonly #child: ChildProcess;
  readonly #log: string;

  /** @throws Error if the program cannot be started. */
  constructor(program: RedisProgram, args: readonly string[], log: string) {
    const output = openSync(log, 'a');
    const [command = '', ...rest] = [...diesWithParent(), program.path, ...args];
    this.#child = spawn(command, rest, {
      env: { ...process.env, ...program.environment },
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    this.#log = log;
    const leave = (): void => void running.delete(this);
    this.exited = once(this.#child, 'exit').then(leave, leave);
    if (this.#child.pid === undefined) throw new Error(`cannot start ${program.path}`);
    this.pid = this.#child.pid;
    this.#child.unref();
    running.add(this);
  }

  get isRunning(): boolean {
    return running.has(this);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.#exit();
  }

  /** SIGTERM, also to a paused one; SIGKILL if it has not left after three seconds. */
  async stop(): Promise<void> {
    this.signal('SIGTERM');
    this.signal('SIGCONT');
    const giveUp = systemClock.after(LEAVES_WITHIN_MS, () => this.signal('SIGKILL'));
    await this.#exit();
    giveUp();
  }

  /** SIGSTOP. Resolves when the kernel says that it has stopped. */
  async pause(): Promise<void> {
    this.signal('SIGSTOP');
    await until(() => isStopped(this.pid), STOPPED_WITHIN_MS, `process ${this.pid} is stopped`);
  }

  resume(): void {
    this.signal('SIGCONT');
  }

  /** The last lines it has written. */
  log(): string {
    return readFileSync(this.#log, 'utf8').trimEnd().split('\n').slice(-LOG_LINES).join('\n');
  }

  async #exit(): Promise<void> {
    // Whoever waits for the end keeps the parent alive for it.
    this.#child.ref();
    await this.exited;
  }
}

function isStopped(pid: number): boolean {
  const { stdout } = process.platform === 'linux' ? linuxState(pid) : spawnSync('ps', ['-o', 'state=', '-p', `${pid}`]);
  return stdout.toString().startsWith('T');
}

function linuxState(pid: number): { stdout: string } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the program's name in parentheses, and may itself hold any character.
  return { stdout: stat.slice(stat.lastIndexOf(')') + 2) };
}

let prefix: readonly string[] | undefined;

/** `setpriv` replaces itself with the program, so that the child's pid stays the server's. */
function diesWithParent(): readonly string[] {
  if (prefix === undefined) {
    const command = ['setpriv', '--pdeathsig', 'KILL'] as const;
    const { status } = spawnSync(command[0], [...command.slice(1), 'true'], { stdio: 'ignore' });
    prefix = status === 0 ? command : [];
  }
  return prefix;
}
