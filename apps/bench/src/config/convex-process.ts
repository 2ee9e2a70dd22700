import { fork } from 'node:child_process';
import { extname } from 'node:path';
import { z } from 'zod';

/** What the deployment's side counted; the part of its ledger that the bench reads. */
export interface Ledger {
  readonly functions: Readonly<Record<string, FunctionCounts>>;
  readonly totals: FunctionCounts;
  /** Times are milliseconds of the machine's monotonic clock. */
  readonly commits: readonly { readonly path: string; readonly at_ms: number }[];
}

/** @see Ledger */
export interface FunctionCounts {
  readonly queries: number;
  /** Of the queries: those that Convex's own cache answered. */
  readonly cached: number;
  readonly mutations: number;
  /** Results pushed to subscribers. */
  readonly updates: number;
  /** What Convex would bill. */
  readonly billable: number;
}

const counts = z.object({
  queries: z.number(),
  cached: z.number(),
  mutations: z.number(),
  updates: z.number(),
  billable: z.number(),
});

const ledgerSchema: z.ZodType<Ledger> = z.object({
  functions: z.record(z.string(), counts),
  totals: counts,
  commits: z.array(z.object({ path: z.string(), at_ms: z.number() })),
});

/** What no function was asked for. */
const NO_CALLS: FunctionCounts = { queries: 0, cached: 0, mutations: 0, updates: 0, billable: 0 };

/** How a simulated deployment is started. */
export interface ConvexOptions {
  /** Folder of functions. @default the repository's own */
  readonly functions?: string;
  /** One way, of everything that travels. */
  readonly delayMs: number;
}

/** What the functions ask for. */
export const SECRET = 'bench-service-secret';
/** Opens internal functions; for what no worker may do. */
const DEPLOY_KEY = 'bench-deploy-key';
const SEED = 'demo';

/** The simulated Convex, with the repository's functions and 20 agents, in a process of its own. */
export class ConvexProcess {
  readonly url: string;
  readonly pid: number;
  readonly #end: (signal: 'SIGTERM' | 'SIGKILL') => Promise<void>;

  private constructor(url: string, pid: number, end: (signal: 'SIGTERM' | 'SIGKILL') => Promise<void>) {
    this.url = url;
    this.pid = pid;
    this.#end = end;
  }

  static async start({ functions, delayMs }: ConvexOptions): Promise<ConvexProcess> {
    const entry = import.meta.resolve('@warmline/convex-simulator');
    const args = ['--port', '0', '--seed', SEED, '--delay-ms', String(delayMs), '--deploy-key', DEPLOY_KEY];
    args.push(
      '--env',
      `WARMLINE_SERVICE_SECRET=${SECRET}`,
      ...(functions === undefined ? [] : ['--functions', functions]),
    );
    const child = fork(new URL(`main${extname(entry)}`, entry), args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    const complaints: Buffer[] = [];
    child.stderr?.on('data', (chunk: Buffer) => complaints.push(chunk));
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const url = await Promise.race([
      new Promise<string>((resolve) =>
        child.once('message', (message) => resolve(z.object({ url: z.string() }).parse(message).url)),
      ),
      ended.then(() => {
        throw new Error(`the Convex simulator did not start: ${Buffer.concat(complaints).toString()}`);
      }),
    ]);
    return new ConvexProcess(url, child.pid ?? 0, (signal) => {
      child.kill(signal);
      return ended;
    });
  }

  async ledger(): Promise<Ledger> {
    return ledgerSchema.parse(await (await fetch(`${this.url}/_ledger`)).json());
  }

  /** How often a function was called while `work` ran. */
  async calls<T>(
    work: () => Promise<T>,
  ): Promise<{ readonly result: T; readonly of: (path: string) => FunctionCounts }> {
    const before = await this.ledger();
    const result = await work();
    const after = await this.ledger();
    return {
      result,
      of: (path) => minus(after.functions[path] ?? NO_CALLS, before.functions[path] ?? NO_CALLS),
    };
  }

  /** Replaces all faults; `{}` heals. Names and fields are the simulator's. @throws Error naming what it refuses */
  async setFaults(faults: Readonly<Record<string, object>>): Promise<void> {
    await fetch(`${this.url}/_faults`, { method: 'DELETE' });
    const answer = await fetch(`${this.url}/_faults`, { method: 'POST', body: JSON.stringify(faults) });
    if (!answer.ok) throw new Error(`the Convex simulator refused faults: ${await answer.text()}`);
  }

  /** Runs an internal mutation, as who deploys could. */
  async administer(path: string): Promise<void> {
    const answer = await fetch(`${this.url}/api/mutation`, {
      method: 'POST',
      headers: { authorization: `Convex ${DEPLOY_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ path, args: {} }),
    });
    const text = await answer.text();
    if (!text.includes('"status":"success"')) throw new Error(`${path} failed: ${text}`);
  }

  /** Gone from one moment to the next, with all its data. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end('SIGTERM');
  }
}

function minus(after: FunctionCounts, before: FunctionCounts): FunctionCounts {
  const names = Object.keys(NO_CALLS) as (keyof FunctionCounts)[];
  return Object.fromEntries(names.map((name) => [name, after[name] - before[name]])) as unknown as FunctionCounts;
}
