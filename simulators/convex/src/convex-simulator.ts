import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ActiveFaultState, Faults } from './faults/fault-specs.ts';
import type { Ledger } from './ledger/ledger.ts';
import { resolveOptions } from './options.ts';
import type { ConvexSimulatorOptions, ResolvedOptions } from './options.ts';

/** A simulator in a process of its own. */
export interface ConvexSimulator {
  /** `http://127.0.0.1:port`, for `ConvexHttpClient` and `ConvexClient` alike. */
  readonly url: string;
  readonly pid: number;
  /** What the simulator counted since its start or the last reset. */
  ledger(): Promise<Ledger>;
  /** The faults that are switched on, by name. */
  faults(): Promise<Readonly<Record<string, ActiveFaultState>>>;
  /** Replaces the faults that are named and leaves the others; `null` switches one off. Rejects with `TypeError` on a bad one. */
  setFaults(faults: Faults): Promise<void>;
  /** Clears ledger and faults. Data, query cache and open sockets stay. */
  reset(): Promise<void>;
  /** Ends the process; resolves when it is gone. */
  close(): Promise<void>;
}

/**
 * Starts a simulator in a child process, because convex-test replaces globals of the process it runs in. It ends with its
 * parent. Rejects with `TypeError` on a bad option, with `Error` if the functions do not load or the port is taken.
 */
export async function startConvexSimulator(options: ConvexSimulatorOptions = {}): Promise<ConvexSimulator> {
  const child = forkMain(flags(resolveOptions(options)));
  const url = await listening(child);
  return {
    url,
    pid: child.pid ?? 0,
    ledger: async () => (await request(url, 'GET', '/_ledger')) as Ledger,
    faults: async () =>
      ((await request(url, 'GET', '/_faults')) as { active: Record<string, ActiveFaultState> }).active,
    setFaults: async (faults) => void (await request(url, 'POST', '/_faults', faults)),
    reset: async () => void (await request(url, 'POST', '/_reset')),
    close: () => end(child),
  };
}

function forkMain(args: readonly string[]): ChildProcess {
  const isSource = import.meta.url.endsWith('.ts');
  const main = fileURLToPath(new URL(isSource ? 'main.ts' : 'main.js', import.meta.url));
  // The parent's own flags, a test runner's for example, are not for the child.
  const execArgv = isSource ? ['--conditions=@warmline/source'] : [];
  return fork(main, args, { execArgv, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
}

/** Its address. Rejects with what it wrote if it ends instead. */
async function listening(child: ChildProcess): Promise<string> {
  let complaint = '';
  child.stderr?.on('data', (data: Buffer) => {
    if (complaint.length < 10_000) complaint += data.toString('utf8');
  });
  const failed = once(child, 'close').then(() => {
    throw new Error(`convex simulator did not start: ${complaint.trim()}`);
  });
  const [message] = (await Promise.race([once(child, 'message'), failed])) as [{ readonly url: string }];
  failed.catch(() => undefined);
  return message.url;
}

async function request(url: string, method: string, path: string, body?: unknown): Promise<unknown> {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  const response = await fetch(`${url}${path}`, init);
  const answer: unknown = await response.json();
  if (response.status === 400) throw new TypeError((answer as { message: string }).message);
  if (!response.ok) throw new Error(`convex simulator: ${method} ${path} was answered with ${response.status}`);
  return answer;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}

function flags(options: ResolvedOptions): string[] {
  const { port, functions, delayMs, deployKey, pingIntervalMs } = options;
  const { env, functionDelays, seed, transactionLimits, redactErrors } = options;
  const values = {
    '--port': port,
    '--functions': functions,
    '--delay-ms': delayMs,
    '--deploy-key': deployKey,
    '--ping-interval-ms': pingIntervalMs,
    ...(seed === undefined ? {} : { '--seed': seed }),
  };
  return [
    ...Object.entries(values).flatMap(([flag, value]) => [flag, String(value)]),
    ...Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
    ...Object.entries(functionDelays).flatMap(([path, ms]) => ['--function-delay', `${path}=${ms}`]),
    ...(transactionLimits ? ['--transaction-limits'] : []),
    ...(redactErrors ? ['--redact-errors'] : []),
  ];
}
