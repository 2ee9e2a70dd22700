import { z } from 'zod';
import { describeIssues } from '../describe-issues.ts';
import type { FaultLimits, FaultName, FaultSpecs, Faults } from './fault-specs.ts';

const limits = {
  count: z.number().int().min(1).exactOptional(),
  probability: z.number().min(0).max(1).exactOptional(),
  seed: z.number().int().exactOptional(),
  match: z.string().min(1).exactOptional(),
};
const position = { after_chunks: z.number().int().min(0).exactOptional() };
const ms = z.number().min(0);
const frames = z.number().int().min(1).max(100).exactOptional();
// 1004-1006 and 1015 must never be sent in a close frame; `cut` gives the client its 1006.
const closeCode = z.union([
  z.literal([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014]),
  z.number().int().min(3000).max(4999),
]);
const status = z.number().int().min(400).max(599);

const schemas: { readonly [N in FaultName]: z.ZodType<FaultSpecs[N] & FaultLimits> } = {
  handshake_delay: z.strictObject({ ...limits, ms }),
  handshake_refuse: z.strictObject({ ...limits, status: z.literal([403, 429, 503]) }),
  handshake_hang: z.strictObject(limits),
  first_chunk_delay: z.strictObject({ ...limits, ms }),
  stall: z.strictObject({ ...limits, ...position, ms: ms.exactOptional() }),
  error_frame: z.strictObject({
    ...limits,
    ...position,
    shape: z.enum(['int', 'text', 'digits', 'word']).exactOptional(),
    status: status.exactOptional(),
    word: z.string().min(1).exactOptional(),
    message: z.string().exactOptional(),
    close: closeCode.exactOptional(),
  }),
  close: z.strictObject({ ...limits, ...position, code: closeCode, reason: z.string().max(120).exactOptional() }),
  cut: z.strictObject({ ...limits, ...position }),
  missing_final: z.strictObject(limits),
  duplicate_final: z.strictObject(limits),
  odd_chunks: z.strictObject(limits),
  wav_header: z.strictObject({ ...limits, mode: z.enum(['only', 'absent']) }),
  late_frames: z.strictObject({ ...limits, frames }),
  audio_after_final: z.strictObject({ ...limits, frames, ms: ms.exactOptional() }),
  non_json_frame: z.strictObject({ ...limits, ...position }),
  empty_audio: z.strictObject({ ...limits, ...position }),
  truncate: z.strictObject({ ...limits, fraction: z.number().min(0).lt(1) }),
  idle_close: z.strictObject({ code: closeCode.exactOptional(), cut: z.boolean().exactOptional() }),
  rest_status: z.strictObject({
    ...limits,
    status,
    message: z.string().exactOptional(),
    retry_after: z.string().exactOptional(),
  }),
};

// For error texts.
const FAULT_NAMES: readonly FaultName[] = Object.keys(schemas).filter(isFaultName);

function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(schemas, name);
}

/** Validates faults. Throws `TypeError` that names the fault or field, the value and what is allowed. */
export function parseFaults(input: unknown): Faults {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new TypeError(`faults must be an object of ${FAULT_NAMES.join(', ')}; received ${JSON.stringify(input)}`);
  }
  return Object.fromEntries(Object.entries(input).map(([name, spec]) => [name, parseFault(name, spec)]));
}

function parseFault(name: string, spec: unknown): unknown {
  if (!isFaultName(name)) throw new TypeError(`unknown fault '${name}', use one of ${FAULT_NAMES.join(', ')}`);
  if (spec === null) return null;
  const result = schemas[name].safeParse(spec);
  if (result.success) return result.data;
  throw new TypeError(`fault '${name}': ${describeIssues(result.error, spec)}`, { cause: result.error });
}
