import type { z } from 'zod';

/** The first thing wrong with a document: which field, what it must be, and what kind of thing it is; never its content. */
export function faultOf(error: z.ZodError, document: unknown): string {
  const [issue] = error.issues;
  const path = issue?.path ?? [];
  return `${path.join('.') || 'the document'} must be ${wantedBy(issue)}, got ${typeAt(document, path)}`;
}

function wantedBy(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === 'invalid_type') return issue.expected;
  if (issue?.code === 'invalid_value') return `one of ${issue.values.join(', ')}`;
  return 'valid';
}

function typeAt(document: unknown, path: readonly PropertyKey[]): string {
  let value: unknown = document;
  for (const key of path) value = value !== null && typeof value === 'object' ? Reflect.get(value, key) : undefined;
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : typeof value;
}
