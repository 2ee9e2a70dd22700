import { z } from 'zod';
import { describeIssues } from './describe-issues.ts';

/** What a simulated Sarvam account and its service look like. */
export interface SarvamSimulatorOptions {
  /** TCP port; 0 takes any free one. @default 0 */
  readonly port?: number;
  /** Address to listen on. @default '127.0.0.1' */
  readonly host?: string;
  /** Accepted keys, all of one account; any other key is refused with 403. @default ['test-key'] */
  readonly apiKeys?: readonly string[];
  /** WebSockets the account may hold at once, handshakes included; the next one is refused with 429. @default 30 */
  readonly maxConnections?: number;
  /** REST requests the account may make per minute, with a burst of 5/3 of it; 0 does not limit. @default 0 */
  readonly requestsPerMinute?: number;
  /** A socket without a client message for this long is closed, in ms. @default 60000 */
  readonly idleTimeoutMs?: number;
  /** Close code of the idle close; the real one is not known. @default 1000 */
  readonly idleCloseCode?: number;
  /** Whether a WebSocket PING frame counts as a client message; what Sarvam does is not known. @default false */
  readonly wsPingResetsIdle?: boolean;
  /** Factor on every modelled delay: 1 is the real timing, 0.1 ten times faster, 0 no delay. Faults are not scaled. @default 1 */
  readonly speed?: number;
  /** Time to synthesise one second of audio, in s, before `speed`; `undefined` draws 0.2 to 0.25, the real one. @default undefined */
  readonly realTimeFactor?: number | undefined;
  /** Seed of the timing jitter. @default 1 */
  readonly seed?: number;
  /** Silence before each synthesised piece, in ms. @default 20 */
  readonly leadSilenceMs?: number;
  /** Silence after each synthesised piece, in ms. @default 40 */
  readonly tailSilenceMs?: number;
  /** Whether the account may use bulbul:v4-flash, which is in beta. @default true */
  readonly betaAccess?: boolean;
}

/** The options with every default filled in. */
export type ResolvedOptions = Readonly<Required<Omit<SarvamSimulatorOptions, 'realTimeFactor'>>> &
  Pick<SarvamSimulatorOptions, 'realTimeFactor'>;

const wholeNumber = z.number().int().min(0);

const schema: z.ZodType<ResolvedOptions> = z.strictObject({
  port: wholeNumber.max(65_535).default(0),
  host: z.string().min(1).default('127.0.0.1'),
  apiKeys: z.array(z.string().min(1)).default(['test-key']),
  maxConnections: wholeNumber.default(30),
  requestsPerMinute: wholeNumber.default(0),
  idleTimeoutMs: z.number().positive().default(60_000),
  idleCloseCode: z.number().int().min(1000).max(4999).default(1000),
  wsPingResetsIdle: z.boolean().default(false),
  speed: z.number().min(0).default(1),
  realTimeFactor: z.number().min(0).optional(),
  seed: z.number().int().default(1),
  leadSilenceMs: z.number().min(0).max(1000).default(20),
  tailSilenceMs: z.number().min(0).max(1000).default(40),
  betaAccess: z.boolean().default(true),
});

/** Fills in the defaults. Throws `TypeError` that names the option, the value and what is allowed. */
export function resolveOptions(options: SarvamSimulatorOptions): ResolvedOptions {
  const result = schema.safeParse(options);
  if (result.success) return Object.freeze(result.data);
  throw new TypeError(`sarvam simulator options: ${describeIssues(result.error, options)}`, { cause: result.error });
}
