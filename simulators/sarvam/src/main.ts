import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { startSarvamSimulator } from './index.ts';
import type { SarvamSimulator, SarvamSimulatorOptions } from './index.ts';

const USAGE = 2;
const DEFAULT_PORT = 4010;

try {
  const simulator = await startSarvamSimulator(parseArguments(process.argv));
  // First: whoever reads the address may send a signal at once.
  endWithParent(simulator);
  announce(simulator);
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

function parseArguments(argv: readonly string[]): SarvamSimulatorOptions {
  const command = new Command('sarvam-simulator')
    .description("A stand-in for Sarvam's text-to-speech, for tests, demos and the bench. Not for production.")
    .option('--port <n>', 'TCP port, 0 for any free one', number, DEFAULT_PORT)
    .option('--host <address>', 'address to listen on')
    .option('--api-key <key>', "accepted key, may be repeated (default: 'test-key')", collect)
    .option('--max-connections <n>', 'WebSockets the account may hold at once (default: 30)', number)
    .option('--requests-per-minute <n>', 'REST requests per minute, 0 for no limit (default: 0)', number)
    .option('--idle-timeout-ms <ms>', 'idle time before a socket is closed (default: 60000)', number)
    .option('--speed <factor>', 'factor on every modelled delay, 0 for none (default: 1)', number)
    .option('--real-time-factor <s>', 'time to synthesise a second of audio (default: 0.2 to 0.25)', number)
    .option('--seed <n>', 'seed of the timing jitter (default: 1)', number)
    .allowExcessArguments(false)
    .exitOverride()
    .parse(argv);
  const { apiKey, ...options } = command.opts<SarvamSimulatorOptions & { apiKey?: string[] }>();
  return apiKey === undefined ? options : { ...options, apiKeys: apiKey };
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError(`'${text}' is not a number.`);
  return value;
}

function collect(key: string, keys: readonly string[] = []): string[] {
  return [...keys, key];
}

function announce({ url }: SarvamSimulator): void {
  process.stdout.write(`sarvam-simulator listening on ${url}\n`);
  process.stderr.write('sarvam-simulator is a stand-in for tests and benches, not for production\n');
  if (process.connected) process.send?.({ type: 'listening', url });
}

/** Ends on a signal, and when the process that forked it is gone, so that no orphan survives. */
function endWithParent(simulator: SarvamSimulator): void {
  const end = (): void => {
    // The channel would keep this process alive.
    if (process.connected) process.disconnect();
    void simulator.close();
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  if (process.send === undefined) return;
  if (process.connected) process.once('disconnect', end);
  else end();
}

function exitCodeOf(error: unknown): number {
  // Commander has already printed its own errors.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  return error instanceof TypeError ? USAGE : 1;
}
