import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { describeIssues } from './describe-issues.ts';

/** What a simulated deployment looks like. */
export interface ConvexSimulatorOptions {
  /** TCP port of 127.0.0.1; 0 takes any free one. @default 0 */
  readonly port?: number;
  /** Folder of Convex functions. @default the repository's `convex` folder */
  readonly functions?: string;
  /** How long a request, an answer or a socket message travels, one way, in ms. @default 0 */
  readonly delayMs?: number;
  /** How long functions take on the server, in ms by `module:name`; a query the cache answers does not run. @default {} */
  readonly functionDelays?: Readonly<Record<string, number>>;
  /** Environment variables of the functions. @default { WARMLINE_SERVICE_SECRET: 'simulator-secret' } */
  readonly env?: Readonly<Record<string, string>>;
  /** Name of the internal mutation `seed:NAME` to run before listening. @default none */
  readonly seed?: string;
  /** Whether a transaction that exceeds Convex's limits fails. @default false */
  readonly transactionLimits?: boolean;
  /** Whether plain errors lose their text on the way to clients, as in production. @default false */
  readonly redactErrors?: boolean;
  /** Key that may call internal functions. @default 'simulator-deploy-key' */
  readonly deployKey?: string;
  /** After how long without a message to a socket a ping goes out, in ms. @default 15000 */
  readonly pingIntervalMs?: number;
}

/** The options with every default filled in. */
export type ResolvedOptions = Readonly<Required<Omit<ConvexSimulatorOptions, 'seed'>>> &
  Pick<ConvexSimulatorOptions, 'seed'>;

/** The secret that the repository's functions ask for, if `env` names no other. */
export const DEFAULT_SERVICE_SECRET = 'simulator-secret';

const ms = z.number().min(0).max(3_600_000);

const schema: z.ZodType<ResolvedOptions> = z.strictObject({
  port: z.number().int().min(0).max(65_535).default(0),
  functions: z
    .string()
    .min(1)
    .default(fileURLToPath(new URL('../../../convex', import.meta.url))),
  delayMs: ms.default(0),
  functionDelays: z.record(z.string(), ms).default({}),
  env: z
    .record(z.string().min(1), z.string())
    .default({})
    .transform((env) => ({ WARMLINE_SERVICE_SECRET: DEFAULT_SERVICE_SECRET, ...env })),
  seed: z.string().min(1).exactOptional(),
  transactionLimits: z.boolean().default(false),
  redactErrors: z.boolean().default(false),
  deployKey: z.string().min(1).default('simulator-deploy-key'),
  pingIntervalMs: z.number().int().min(10).max(3_600_000).default(15_000),
});

/** Fills in the defaults. Throws `TypeError` that names the option and what is allowed. */
export function resolveOptions(options: ConvexSimulatorOptions): ResolvedOptions {
  const result = schema.safeParse(options);
  if (result.success) return Object.freeze(result.data);
  throw new TypeError(`convex simulator options: ${describeIssues(result.error)}`, { cause: result.error });
}
