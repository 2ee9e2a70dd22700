import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { startDeployment } from './deployment-server.ts';
import type { DeploymentServer } from './deployment-server.ts';
import { DEFAULT_SERVICE_SECRET, resolveOptions } from './options.ts';
import type { ConvexSimulatorOptions, ResolvedOptions } from './options.ts';

const USAGE = 2;
const DEFAULT_PORT = 3210;

type Flags = Omit<ConvexSimulatorOptions, 'functionDelays'> & { readonly functionDelay?: Record<string, number> };

try {
  const options = parseArguments(process.argv);
  const server = await startDeployment(options);
  // Before anyone is told that it listens, and may want it gone.
  endWithParent(server);
  announce(server, options);
} catch (error) {
  process.exitCode = exitCodeOf(error);
  // A folder that failed to load may have left timers and a channel behind.
  if (process.connected) process.disconnect();
}

function parseArguments(argv: readonly string[]): ResolvedOptions {
  const command = new Command('convex-simulator')
    .description("A folder of Convex functions behind Convex's wire protocols, on loopback. Not for production.")
    .option('--port <n>', 'TCP port, 0 for any free one', number, DEFAULT_PORT)
    .option('--functions <folder>', "folder of Convex functions (default: the repository's convex folder)")
    .option('--seed <name>', 'internal mutation seed:NAME to run first')
    .option('--env <KEY=VALUE>', 'environment variable of the functions, may be repeated', collectText)
    .option('--delay-ms <ms>', 'how long everything travels, one way (default: 0)', number)
    .option('--function-delay <PATH=MS>', 'how long a function takes, may be repeated', collectNumber)
    .option('--transaction-limits', "fail transactions that exceed Convex's limits")
    .option('--redact-errors', 'hide the texts of plain errors, as in production')
    .option('--deploy-key <key>', "key that may call internal functions (default: 'simulator-deploy-key')")
    .option('--ping-interval-ms <ms>', 'idle time before a socket gets a ping (default: 15000)', number)
    .allowExcessArguments(false)
    .exitOverride()
    .parse(argv);
  const { functionDelay, ...options } = command.opts<Flags>();
  return resolveOptions(functionDelay === undefined ? options : { ...options, functionDelays: functionDelay });
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError(`'${text}' is not a number.`);
  return value;
}

function collectText(pair: string, pairs: Readonly<Record<string, string>> = {}): Record<string, string> {
  const [key, value] = split(pair);
  return { ...pairs, [key]: value };
}

function collectNumber(pair: string, pairs: Readonly<Record<string, number>> = {}): Record<string, number> {
  const [key, value] = split(pair);
  return { ...pairs, [key]: number(value) };
}

function split(pair: string): [string, string] {
  const at = pair.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It should be NAME=VALUE.');
  return [pair.slice(0, at), pair.slice(at + 1)];
}

function announce({ url }: DeploymentServer, { env, functions }: ResolvedOptions): void {
  process.stdout.write(`convex-simulator listening on ${url}\n`);
  process.stderr.write(
    `functions: ${functions}\n` +
      (env['WARMLINE_SERVICE_SECRET'] === DEFAULT_SERVICE_SECRET
        ? `WARMLINE_SERVICE_SECRET=${DEFAULT_SERVICE_SECRET}\n`
        : '') +
      'convex-simulator is for development, tests and benches, not for production: it keeps nothing and verifies no token\n',
  );
  if (process.connected) process.send?.({ type: 'listening', url });
}

/** Ends on a signal, and when the process that forked it is gone, so that no orphan survives. */
function endWithParent(server: DeploymentServer): void {
  const end = (): void => {
    // The channel would keep this process alive.
    if (process.connected) process.disconnect();
    // What a function still does, a timer of its own for example, is not waited for.
    void server.close().then(() => process.exit());
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
