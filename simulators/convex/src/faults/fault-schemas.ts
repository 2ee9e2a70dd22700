import { z } from 'zod';
import { describeIssues } from '../describe-issues.ts';
import type { FaultLimits, FaultName, FaultSpecs, Faults } from './fault-specs.ts';

const count = z.number().int().min(1).exactOptional();
const limits = { count, functions: z.array(z.string().min(1)).min(1).exactOptional() };
// 1004-1006 and 1015 must never be sent in a close frame.
const closeCode = z.union([
  z.literal([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014]),
  z.number().int().min(3000).max(4999),
]);

const schemas: { readonly [N in FaultName]: z.ZodType<FaultSpecs[N] & FaultLimits> } = {
  slow: z.strictObject({ ...limits, ms: z.number().min(0).max(3_600_000) }),
  status: z.strictObject({
    ...limits,
    status: z.number().int().min(400).max(599),
    code: z.string().exactOptional(),
    message: z.string().exactOptional(),
  }),
  drop: z.strictObject({ ...limits, after_run: z.boolean().exactOptional() }),
  function_error: z.strictObject({ ...limits, data: z.json().exactOptional(), message: z.string().exactOptional() }),
  refuse: z.strictObject({ count }),
  silent: z.strictObject({ count }),
  close: z.strictObject({
    count,
    code: closeCode.exactOptional(),
    reason: z.string().max(120).exactOptional(),
  }),
};

// For error texts.
const FAULT_NAMES: readonly string[] = Object.keys(schemas);

function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(schemas, name);
}

/** Validates faults. Throws `TypeError` that names the fault or field and what is allowed. */
export function parseFaults(input: unknown): Faults {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new TypeError(`faults must be an object of ${FAULT_NAMES.join(', ')}; received ${typeof input}`);
  }
  return Object.fromEntries(Object.entries(input).map(([name, spec]) => [name, parseFault(name, spec)]));
}

function parseFault(name: string, spec: unknown): unknown {
  if (!isFaultName(name)) throw new TypeError(`unknown fault '${name}', use one of ${FAULT_NAMES.join(', ')}`);
  if (spec === null) return null;
  const result = schemas[name].safeParse(spec);
  if (result.success) return result.data;
  throw new TypeError(`fault '${name}': ${describeIssues(result.error)}`, { cause: result.error });
}
