import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** What the provider's side counted; the part of its ledger that the bench reads. */
export interface Ledger {
  readonly peak_sockets: number;
  readonly connections_total: number;
  readonly refused: { readonly auth: number; readonly limit: number; readonly fault: number };
  readonly connections: readonly { readonly id: string; readonly utterances: number }[];
  readonly utterances: readonly LedgerUtterance[];
}

/** One text that was synthesised. */
export interface LedgerUtterance {
  readonly transport: 'ws' | 'rest' | 'stream';
  readonly speaker: string;
  readonly language: string;
  readonly text: string;
  readonly chars: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly complete: boolean;
  /** Times are milliseconds since the epoch. */
  readonly started_at_ms: number;
  readonly first_audio_at_ms: number | null;
}

const ledgerSchema: z.ZodType<Ledger> = z.object({
  peak_sockets: z.number(),
  connections_total: z.number(),
  refused: z.object({ auth: z.number(), limit: z.number(), fault: z.number() }),
  connections: z.array(z.object({ id: z.string(), utterances: z.number() })),
  utterances: z.array(
    z.object({
      transport: z.enum(['ws', 'rest', 'stream']),
      speaker: z.string(),
      language: z.string(),
      text: z.string(),
      chars: z.number(),
      bytes: z.number(),
      sha256: z.string(),
      complete: z.boolean(),
      started_at_ms: z.number(),
      first_audio_at_ms: z.number().nullable(),
    }),
  ),
});

/** The simulated provider, in a process of its own. */
export interface SimulatorProcess {
  readonly url: string;
  readonly pid: number;
  ledger(): Promise<Ledger>;
  /** Replaces all faults; `{}` heals. Names and fields are the simulator's. @throws Error naming what it refuses */
  setFaults(faults: Readonly<Record<string, object>>): Promise<void>;
  close(): Promise<void>;
}

const BIN = fileURLToPath(new URL('../bin/sarvam-simulator.mjs', import.meta.resolve('@warmline/sarvam-simulator')));

/**
 * @param realTimeFactor how long the provider takes to synthesise a second of audio, in seconds.
 * @param maxConnections sockets that the account may hold at once; the provider's own limit unless given.
 */
export async function startSimulator(
  realTimeFactor: number,
  seed: number,
  maxConnections?: number,
): Promise<SimulatorProcess> {
  const args = ['--port', '0', '--real-time-factor', String(realTimeFactor), '--seed', String(seed)];
  if (maxConnections !== undefined) args.push('--max-connections', String(maxConnections));
  const child = fork(BIN, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const complaints: Buffer[] = [];
  child.stderr?.on('data', (chunk: Buffer) => complaints.push(chunk));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = await Promise.race([
    new Promise<string>((resolve) =>
      child.once('message', (message) => resolve(z.object({ url: z.string() }).parse(message).url)),
    ),
    ended.then(() => {
      throw new Error(`the simulator did not start: ${Buffer.concat(complaints).toString()}`);
    }),
  ]);
  return {
    url,
    pid: child.pid ?? 0,
    ledger: async () => ledgerSchema.parse(await (await fetch(`${url}/_ledger`)).json()),
    setFaults: async (faults) => {
      await fetch(`${url}/_faults`, { method: 'DELETE' });
      const answer = await fetch(`${url}/_faults`, { method: 'POST', body: JSON.stringify(faults) });
      if (!answer.ok) throw new Error(`the simulator refused faults: ${await answer.text()}`);
    },
    close: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
